"""The main job, played from outside against a running portal: one line for each step with what it saw.

Whoever reads the steps knows what the portal does: data in, frozen, corrected, notified, destroyed, and proven.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from uuid import UUID, uuid4

from django.db import connections

from config.demonstration import example_data, walk_proof_steps
from config.demonstration.http_client import (
    Answer,
    BrowserClient,
    GatewayClient,
    UnexpectedAnswer,
    error_messages,
    hidden_inputs,
    visible_text,
)
from config.demonstration.walk_context import NEW_MODEL, OLD_MODEL, WalkContext, expect
from devices.models import Device
from privacy.disclosures.models import Disclosure, Notice
from privacy.rights.models import Request, Right

# -- step 2 ---------------------------------------------------------------------------------------------------


def collection(walk: WalkContext) -> str:
    """A gateway registers a device, its licence and consents, and sends reports; what isn't declared is refused."""
    example_data.register_device(walk.gateway, walk.number, walk.at, device=walk.device)
    walk.serial = f"XM{walk.number:08d}"
    walk.gateway.must("PATCH", f"/devices/{walk.device}", {"model": OLD_MODEL})
    good = report(walk, "status", {"state": "active"})
    undeclared = report(walk, "status", {"state": "active", "battery": 80})
    sensitive = report(walk, "app-log", {"level": "info", "message": "user 900101-1234568 signed in"})
    batch = {"batch": str(uuid4()), "reports": [good, undeclared, sensitive]}
    answer = walk.gateway.must("POST", "/reports", batch)
    again = walk.gateway.must("POST", "/reports", batch)
    codes = [refused["code"] for refused in answer["refused"]]
    expect(answer["stored"] == 1 and codes == ["unknown-item", "sensitive-item"], f"the batch: {answer}")
    expect(again == answer, "a repeated batch was not the same batch")
    wrong = walk.gateway.call("PUT", f"/devices/{uuid4()}", {"imei": "004401051000001", "model": "x"})
    expect(wrong.status in (400, 422), f"a wrong IMEI: {wrong.status} {wrong.text[:200]}")
    expired = GatewayClient(walk.base, "gw_not-a-token").call("GET", f"/devices/{walk.device}/consents")
    expect(expired.status == 401, f"a wrong token: {expired.status}")
    with connections["personal"].cursor() as cursor:
        cursor.execute("SELECT imei FROM devices_device WHERE id = %s", [walk.device])
        stored = bytes(cursor.fetchone()[0])
    expect(example_data.imei(walk.number).encode() not in stored, "the IMEI is stored in clear")
    return (
        f"device registered, 1 report stored, the IMEI sealed in {len(stored)} bytes; refused: {', '.join(codes)}, "
        f"wrong IMEI {wrong.status}, wrong token 401; the repeated batch gave the same answer"
    )


def report(
    walk: WalkContext, kind: str, body: dict[str, object], occurred_at: datetime | None = None
) -> dict[str, object]:
    moment = occurred_at or walk.at - timedelta(minutes=10)
    return {"device": str(walk.device), "kind": kind, "occurred_at": moment.isoformat(), "body": body}


def disclosed(walk: WalkContext) -> str:
    """The carrier receives the device's model: asked by one person, approved by another, provided as a sealed file."""
    walk.reference = Device.objects.get(id=walk.device).reference
    hana, odile = walk.person("Hana"), walk.person("Odile")
    page = ask_for_disclosure(walk, hana)
    expect("/ask/" not in page.url, f"asking for the disclosure: {visible_text(page.text)[-400:]}")
    path = page.url
    hana.press(path, "approve")
    odile.press(path, "approve")
    hana.press(path, "provide")
    made = Disclosure.objects.get(id=path.rstrip("/").split("/")[-2])
    expect(made.state == Disclosure.State.PROVIDED, f"the disclosure is {made.state}: {error_messages(hana.page.text)}")
    return f"{made.reference} to {walk.party.title}: asked for by Hana, approved by Odile, handed over encrypted"


def ask_for_disclosure(walk: WalkContext, person: BrowserClient) -> Answer:
    return person.submit(
        "/office/disclosures/disclosure/ask/",
        {
            "third_party": str(walk.party.pk),
            "basis": "consent",
            "purpose_code": "registration",
            "purpose": "단말기 수리",
            "records": walk.reference,
            "items": ["device-registration/model", "device-registration/os_version"],
        },
    )


# -- step 3 ---------------------------------------------------------------------------------------------------


def frozen(walk: WalkContext) -> str:
    """A person asks on the public page that the model be corrected; from then on it is frozen everywhere."""
    page = walk.somebody().submit(
        "/rights/request/",
        {
            "rights": ["correction"],
            "target_kind": "serial_number",
            "target": walk.serial,
            "item": "device-registration/model",
            "wanted": NEW_MODEL,
            "explanation": "모델명이 실제 기기와 다릅니다.",
            "requester": "self",
            "answer_by": "portal",
        },
    )
    walk.case_number = once(page, "case-number")
    walk.case_code = once(page, "case-code")
    overwrite = walk.gateway.call("PATCH", f"/devices/{walk.device}", {"model": "XM-OTHER"})
    expect(overwrite.status == 409 and overwrite.json["code"] == "frozen", f"overwriting: {overwrite.text[:200]}")
    hana = walk.person("Hana")
    refused = ask_for_disclosure(walk, hana)
    expect("/ask/" in refused.url, "a disclosure was taken while the item was frozen")
    read = hana.press(
        f"/office/devices/device/{walk.device}/change/", "unmask", purpose="registration", reason="walk: ordinary read"
    )
    told = error_messages(read.text)
    expect(bool(told) and OLD_MODEL not in read.text, f"an ordinary read: {visible_text(read.text)[-300:]}")
    return f"case {walk.case_number}: overwrite 409 frozen, disclosure refused, ordinary read refused: “{told[0]}”"


def once(page: Answer, name: str) -> str:
    found = re.search(rf'id="{name}"[^>]*>([^<]+)<', page.text)
    if page.status != 200 or not found:
        raise UnexpectedAnswer(f"no {name} is shown: {page.status} {visible_text(page.text)[:300]}")
    return found.group(1).strip()


# -- step 4 ---------------------------------------------------------------------------------------------------


def corrected(walk: WalkContext) -> str:
    """The device proves possession; the officer sees the due date, grants and carries out; the notice is queued."""
    case = Request.objects.get(number=walk.case_number)
    prove_possession(walk, walk.case_number, walk.case_code, walk.device)
    walk.portal.wait_until(
        lambda: list(Request.objects.filter(pk=case.pk, state=Request.State.VERIFIED)), "the identity was not verified"
    )
    path = f"/office/rights/request/{case.pk}/change/"
    odile, omar = walk.person("Odile"), walk.person("Omar")
    page = odile.get(path)
    expect(f'datetime="{case.due_on.isoformat()}"' in page.text, "the case's page does not show its due date")
    right = case.rights.get()
    ungrounded = odile.press(path, "refuse", right=str(right.position))
    expect(Right.objects.get(pk=right.pk).decision == Right.Decision.PENDING, "refused without a ground")
    expect(ungrounded.status == 200, f"a refusal without a ground: {ungrounded.status}")
    odile.press(path, "grant", rights=[str(right.position)])
    second = omar.press(path, "grant", rights=[str(right.position)])
    odile.press(path, "carry_out", rights=[str(right.position)])
    case.refresh_from_db()
    queued = Notice.objects.filter(case_id=case.pk, third_party=walk.party).count()
    expect(queued == 1, f"{queued} notices for {walk.party.title}; {error_messages(odile.page.text)}")
    unfrozen = walk.gateway.call("PATCH", f"/devices/{walk.device}", {"os_build": "BP2A.260000"})
    expect(unfrozen.status == 200, f"after the correction: {unfrozen.text[:200]}")
    read = odile.press(
        f"/office/devices/device/{walk.device}/change/",
        "unmask",
        purpose="registration",
        reason="walk: after correction",
    )
    expect(NEW_MODEL in read.text, f"the corrected value is not there: {error_messages(read.text)}")
    told = " ".join(error_messages(second.text)) or "not offered"
    return (
        f"due {case.due_on:%Y-%m-%d}; a second officer's decision: “{told}”; {OLD_MODEL} → {NEW_MODEL}, "
        "the freeze is lifted, 1 notice queued"
    )


def prove_possession(walk: WalkContext, number: str, code: str, device: UUID) -> None:
    """Ask on the status page for a confirmation on the device, and type the code that it shows on the device."""
    person = walk.somebody()
    person.submit("/rights/case/", {"number": number, "code": code})
    page = person.get("/rights/case/")
    token = hidden_inputs(page.text)
    person.post("/rights/case/device/", token)
    challenge = walk.gateway.must("GET", f"/devices/{device}/challenge")
    shown = once(person.get("/rights/case/"), "shown-code")
    expect(shown not in str(challenge), f"the page's code, and the device's: {challenge}")
    answer = {"challenge": challenge["challenge"], "response": "confirm"}
    blind = walk.gateway.call("POST", f"/devices/{device}/challenge", answer)
    expect(blind.status == 400 and blind.json["code"] == "malformed", f"confirming without the code: {blind.text}")
    guessed = walk.gateway.call("POST", f"/devices/{device}/challenge", {**answer, "code": shown[::-1] + "0"})
    expect(guessed.status == 409 and guessed.json["code"] == "wrong-code", f"confirming with a guess: {guessed.text}")
    walk.gateway.must("POST", f"/devices/{device}/challenge", {**answer, "code": shown})


# -- step 5 ---------------------------------------------------------------------------------------------------


def notice_delivered(walk: WalkContext) -> str:
    """The worker delivers the notice by SMTP, once; the recipient's link acknowledges it."""
    case = Request.objects.get(number=walk.case_number)
    mails = walk.portal.wait_until(
        lambda: walk.new_mails(str(walk.party.mailbox)), "no correction notice arrived by SMTP"
    )
    text = body_of(mails[0])
    link = re.search(r"https?://\S+/ack/\S+", text)
    expect(link is not None and NEW_MODEL not in text, f"the notice says: {text[:300]}")
    assert link is not None
    recipient = BrowserClient(walk.base)
    path = re.sub(r"^https?://[^/]+", "", link.group(0).rstrip(".>)"))
    page = recipient.submit(path, {})
    expect(NEW_MODEL in page.text, f"the acknowledged page: {visible_text(page.text)[-300:]}")
    notice = Notice.objects.get(case_id=case.pk, third_party=walk.party)
    expect(notice.state == Notice.State.ACKNOWLEDGED, f"the notice is {notice.state}")
    expect(len(walk.new_mails(str(walk.party.mailbox))) == 1, "the notice was sent more than once")
    return f"one e-mail without values, {mails[0]['Message-ID']}; acknowledged by its link, which showed {NEW_MODEL}"


def body_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    return str(part.get_content()) if part is not None else ""


# -- step 6, asked for ----------------------------------------------------------------------------------------


def erased(walk: WalkContext) -> str:
    """A person asks for deletion: one officer grants, another releases, it waits, and then the worker destroys."""
    device = uuid4()
    example_data.register_device(walk.gateway, walk.number + 2, walk.at, device=device)
    page = walk.somebody().submit(
        "/rights/request/",
        {
            "rights": ["deletion"],
            "target_kind": "serial_number",
            "target": f"XM{walk.number + 2:08d}",
            "requester": "self",
            "answer_by": "portal",
        },
    )
    number = once(page, "case-number")
    prove_possession(walk, number, once(page, "case-code"), device)
    case = walk.portal.wait_until(
        lambda: list(Request.objects.filter(number=number, state=Request.State.VERIFIED)),
        "the identity of the one who asked for deletion was not verified",
    )[0]
    path, right = f"/office/rights/request/{case.pk}/change/", case.rights.get()
    walk.person("Odile").press(path, "grant", rights=[str(right.position)])
    alone = walk.person("Odile").press(path, "carry_out", rights=[str(right.position)])
    expect(bool(error_messages(alone.text)), "one officer decided a deletion and carried it out")
    walk.person("Omar").press(path, "carry_out", rights=[str(right.position)])
    expect(Right.objects.get(pk=right.pk).started_at is not None, "a second officer could not release the deletion")
    left = Device.objects.filter(pk=device).exists()
    hours = walk.let_pass("withdrawal.wait.hours")
    expect(left or not hours, "it was destroyed before the wait was over")
    walk.portal.wait_until(
        lambda: list(Right.objects.filter(pk=right.pk, carried_out_at__isnull=False)),
        "the deletion was not carried out",
    )
    expect(not Device.objects.filter(pk=device).exists(), "the device is still there")
    return (
        f"case {number}: granted by Odile, refused to her alone (“{error_messages(alone.text)[0]}”), released by Omar, "
        f"destroyed after {hours} hours"
    )


STEPS: tuple[tuple[str, Callable[[WalkContext], str]], ...] = (
    ("2 data in", collection),
    ("2 provided", disclosed),
    ("3 frozen", frozen),
    ("4 corrected", corrected),
    ("5 notified", notice_delivered),
    ("6 erased", erased),
    ("6 destroyed", walk_proof_steps.destroyed),
    ("7 audited", walk_proof_steps.audited),
    ("7 proven", walk_proof_steps.tampering_found),
)
