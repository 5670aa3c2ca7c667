"""An example of each call of both APIs: shown on ``/api/`` and run by a test against the portal, in this order.

``path`` and ``body`` are as they are sent; NUMBER and DEVICE stand for what the reader has of their own.
"""

from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from devices.models import Scope as GatewayScope
from privacy.office_api.models import Scope as OfficeScope
from privacy.policies.categories import DEVICE_REGISTRATION

DEVICE = "0190c5a0-0000-7000-8000-0000000000d1"
NUMBER = "2026-0000001"
BATCH = "0190c5a0-0000-7000-8000-0000000000b1"
MOMENT = "2026-11-26T09:00:00+09:00"


@dataclass(frozen=True)
class Example:
    """One call: what it is for, what is sent, the status that answers it, and the scope that its token needs."""

    method: str
    path: str
    says: Promise | str
    body: dict[str, Any] | None = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    scope: GatewayScope | OfficeScope = field(kw_only=True)


OF_GATEWAYS = (
    Example(
        "PUT", f"/api/v1/devices/{DEVICE}",
        _("Register a device under a UUID that you make once and keep, or send its registration again."),
        {
            "imei": "490154203237518", "serial_number": "R58N12ABCDE", "model": "SM-A156N",
            "model_description": "Galaxy A15", "os_version": "16", "os_build": "BP2A.250605.031",
            "time_zone": "Asia/Seoul",
            "licence": {"key": "LIC-0001-0001", "starts_on": "2026-01-01", "ends_on": "2027-12-31"},
        },
        201,
        scope=GatewayScope.DEVICES,
    ),
    Example(
        "PATCH", f"/api/v1/devices/{DEVICE}",
        _("Change items of a device or its licence. An item that is being corrected is refused."), {"os_version": "17"},
        scope=GatewayScope.DEVICES,
    ),
    Example(
        "GET", f"/api/v1/devices/{DEVICE}/consents",
        _("See what the user decided, and which agreements to ask about, with their texts."),
        scope=GatewayScope.CONSENTS,
    ),
    Example(
        "PUT", f"/api/v1/devices/{DEVICE}/consents/service-analytics",
        _("Record one decision of the user, and get its receipt and the user's consent code."),
        {"decision": "agree", "version": 1, "decided_at": MOMENT, "method": "app", "language": "ko"},
        scope=GatewayScope.CONSENTS,
    ),
    Example(
        "POST", "/api/v1/reports",
        _("Store up to 1,000 reports at once. What is refused is named, with the reason."),
        {
            "batch": BATCH,
            "reports": [{"device": DEVICE, "kind": "status", "occurred_at": MOMENT, "body": {"state": "active"}}],
        },
        scope=GatewayScope.REPORTS,
    ),
    Example(
        "POST", f"/api/v1/devices/{DEVICE}/errors-settled",
        _("Report that the errors of a device are resolved: its app logs until then are removed."), {"until": MOMENT},
        scope=GatewayScope.REPORTS,
    ),
    Example(
        "PUT", f"/api/v1/devices/{DEVICE}/contacts",
        _("Record the contacts that the user gave. Values are never sent back."),
        {"contacts": [{"kind": "email", "value": "mina@example.org", "language": "ko"}]},
        scope=GatewayScope.DEVICES,
    ),
    Example(
        "GET", f"/api/v1/devices/{DEVICE}/messages",
        _("Get what the device has to show to its user."),
        scope=GatewayScope.MESSAGES,
    ),
    Example(
        "PUT", f"/api/v1/devices/{DEVICE}/messages/0190c5a0-0000-7000-8000-0000000000e1/shown",
        _("Report that the device showed a message, and when."), {"shown_at": MOMENT}, 404,
        scope=GatewayScope.MESSAGES,
    ),
    Example(
        "GET", f"/api/v1/devices/{DEVICE}/challenge",
        _(
            "Ask whether someone says at the portal that they hold this device; 204 means nobody does. Ask every few "
            "minutes: a challenge lasts half an hour."
        ),
        status=204,
        scope=GatewayScope.CHALLENGES,
    ),
    Example(
        "POST", f"/api/v1/devices/{DEVICE}/challenge",
        _("Send the code that the portal shows and the holder typed, or deny where they asked for nothing."),
        {"challenge": "0190c5a0-0000-7000-8000-0000000000c1", "response": "confirm", "code": "SXJ77D"}, 404,
        scope=GatewayScope.CHALLENGES,
    ),
    Example(
        "GET", f"/api/v1/advertising/permission?device={DEVICE}&channel=sms",
        _("Ask whether a channel may be used for advertising now, and why."),
        scope=GatewayScope.ADVERTISING,
    ),
    Example(
        "POST", f"/api/v1/devices/{DEVICE}/end-of-service",
        _(
            "Report that the service of a device has ended: retention counts from that day, which is not before its "
            "registration or in the future."
        ),
        {"ended_on": "2026-11-26"},
        scope=GatewayScope.DEVICES,
    ),
    Example(
        "PUT", f"/api/v1/devices/{DEVICE}/signing-key",
        _(
            "Give a device a key of its own: from then on its calls need its signature. Send your own key, for the "
            "private half of this one is published (RFC 8032). An officer can remove it on the device's page."
        ),
        {"signing_key": "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="},
        scope=GatewayScope.DEVICES,
    ),
)  # fmt: skip
OF_OFFICE = (
    Example(
        "POST", "/api/office/v1/cases",
        _("Record a request that came by telephone, e-mail, letter or visit. Tell the requester number and code."),
        {
            "channel": "phone", "received_on": "2026-11-26", "rights": ["access"], "target_kind": "imei",
            "target": "490154203237518", "name": "Mina", "answer_by": "email", "email": "mina@example.org",
        },
        201,
        {"Idempotency-Key": "helpdesk-4711"},
        scope=OfficeScope.CASES_WRITE,
    ),
    Example(
        "GET", "/api/office/v1/cases?open=true&limit=20", _("List requests, the newest first."),
        scope=OfficeScope.CASES_READ,
    ),
    Example(
        "GET", f"/api/office/v1/cases/{NUMBER}",
        _("Get the progress of a request, without anything that anyone wrote."),
        scope=OfficeScope.CASES_READ,
    ),
    Example(
        "POST", f"/api/office/v1/cases/{NUMBER}/openings",
        _("Read what the requester wrote. Purpose and reason go on the audit trail."),
        {"purpose": "rights", "reason": "The requester calls again about the answer."},
        scope=OfficeScope.CASES_OPEN,
    ),
    Example(
        "POST", f"/api/office/v1/cases/{NUMBER}/messages",
        _("Write to the requester, who reads it on the request's page."),
        {"text": "We will answer by Friday.", "newest": 1}, 201,
        scope=OfficeScope.MESSAGES_WRITE,
    ),
    Example(
        "POST", "/api/office/v1/permissions",
        _("Ask whether data may be used, provided, advertised to or kept, now and why."),
        {
            "about": DEVICE, "question": "use", "category": DEVICE_REGISTRATION, "purpose": "registration",
            "reason": "The licence is renewed.",
        },
        scope=OfficeScope.PERMISSIONS_ASK,
    ),
    Example(
        "GET", "/api/office/v1/holds", _("List the holds in force: what they cover is not destroyed."),
        scope=OfficeScope.HOLDS_READ,
    ),
    Example(
        "GET", "/api/office/v1/freezes", _("List the freezes in force: what they cover is not used."),
        scope=OfficeScope.HOLDS_READ,
    ),
    Example(
        "GET", "/api/office/v1/registers", _("List the registers that you may take out."),
        scope=OfficeScope.REGISTERS_READ,
    ),
    Example(
        "POST", "/api/office/v1/registers/gateways/extracts",
        _("Take out a register of a period. The reason goes on the audit trail."),
        {"first": "2026-01-01", "last": "2026-12-31", "reason": "Quarterly reconciliation"},
        scope=OfficeScope.REGISTERS_READ,
    ),
    Example(
        "GET", "/api/office/v1/statistics?first=2026-01-01&last=2026-06-30",
        _("Get the figures of a period, without personal data."),
        scope=OfficeScope.STATISTICS_READ,
    ),
)  # fmt: skip
# What a call gets that is wrong in two places; a test sends it.
WRONG = {
    "serial_number": "R58N12ABCDE", "model": "SM-A156N", "os_version": 16, "os_build": "BP2A.250605.031",
    "time_zone": "Asia/Seoul", "licence": {"key": "LIC-0001-0001", "starts_on": "2026-01-01"},
}  # fmt: skip
PROBLEM = """HTTP/1.1 400 Bad Request
Content-Type: application/problem+json

{
  "type": "urn:privacy-portal:problem:malformed",
  "title": "The request can't be accepted",
  "status": 400,
  "detail": "This must be a string.",
  "code": "malformed",
  "errors": [
    {"pointer": "/os_version", "code": "malformed", "message": "This must be a string."},
    {"pointer": "/licence/ends_on", "code": "malformed", "message": "This value is required."}
  ]
}"""
