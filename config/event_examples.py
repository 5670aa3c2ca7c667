"""An event as it is sent, and how a receiver verifies it: shown on ``/api/``; a test runs the check on real events."""

EVENT = """POST /hooks/privacy HTTP/1.1
Content-Type: application/cloudevents+json; charset=utf-8
webhook-id: 0190c5a0-0000-7000-8000-0000000000e1
webhook-timestamp: 1795651200
webhook-signature: v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=

{
  "specversion": "1.0",
  "id": "0190c5a0-0000-7000-8000-0000000000e1",
  "source": "https://privacy.example/api/office/v1/",
  "type": "extrus.privacy.case.decided",
  "subject": "2026-0000001",
  "time": "2026-11-26T00:00:00Z",
  "datacontenttype": "application/json",
  "sequence": "00000000000000000042",
  "data": {
    "case": "2026-0000001",
    "state": "decided",
    "due_on": "2026-12-04",
    "change": "rights.request.granted",
    "right": 1,
    "person": "0190c5a0-0000-7000-8000-0000000000d1"
  }
}"""

# Standard library alone. ``headers`` has its names in lower case; ``body`` is bytes as they came, not parsed anew.
EVENT_CHECK = """import base64, hashlib, hmac, json, time

def read_event(secret, headers, body):
    \"\"\"Return the event, or raise ValueError: answer 400 then and believe nothing of it.\"\"\"
    key = base64.b64decode(secret.removeprefix("whsec_"))
    identifier, stamp = headers["webhook-id"], headers["webhook-timestamp"]
    if abs(time.time() - int(stamp)) > 300:
        raise ValueError("too old, or a clock is wrong")
    signed = f"{identifier}.{stamp}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    made = [one.partition(",")[2] for one in headers["webhook-signature"].split() if one.startswith("v1,")]
    if not any(hmac.compare_digest(expected, one) for one in made):
        raise ValueError("not signed with this secret")
    return json.loads(body)"""
