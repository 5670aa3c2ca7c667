"""The second half of the walk: what was destroyed is proven gone, and the trail proves itself."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import sql

from config.demonstration import example_data
from config.demonstration.http_client import BrowserClient, visible_text
from config.demonstration.walk_context import WalkContext, expect
from privacy.ledger import actions as ledger
from privacy.ledger.models import Checkpoint, Leaf
from privacy.lib.dates import clock
from privacy.retention.models import Certificate
from privacy.subjects.models import Subject

# -- step 6 ---------------------------------------------------------------------------------------------------


def destroyed(walk: WalkContext) -> str:
    """The nightly sweep, run by the worker, destroys a month of app logs that is past its term, and certifies it.

    A destroyed month never comes back. When earlier walks have destroyed every month that the API still takes, the
    user withdraws the agreement to app logs instead, and what rested on it is destroyed at once (P6.3).
    """
    # another device than the case's: what an open request is about is passed over, as it must be
    old = uuid4()
    example_data.register_device(walk.gateway, walk.number + 1, walk.at, device=old)
    before = set(Certificate.objects.values_list("id", flat=True))
    moment = send_old_log(walk, old)
    if moment is not None:
        walk.portal.sweep()
        wanted, code = {"month": moment.strftime("%Y-%m-01")}, "destroyed"
        how = f"the month {wanted['month']} can't be sealed for again"
    else:
        moment, reference = withdraw(walk, old)
        walk.let_pass("withdrawal.wait.hours")
        wanted, code = {"case": reference}, "no-consent"
        how = "its agreement was withdrawn, and nothing more of it is taken"
    certificate = walk.portal.wait_until(lambda: certified(before, wanted), "the worker made no certificate")[0]
    batch = {"batch": str(uuid4()), "reports": [app_log(old, moment)]}
    late = walk.gateway.must("POST", "/reports", batch)
    expect(bool(late["refused"]) and late["refused"][0]["code"] == code, f"sealing again: {late}")
    said = certificate.statement
    expect(
        said["read_back"]["nothing_left"] and said["read_back"]["rows_left"] == 0,
        f"the read-back found rows: {said['read_back']}",
    )
    page = BrowserClient(walk.base).submit("/verify/", {"digest": certificate.digest})
    expect(certificate.number in visible_text(page.text), f"the public check: {visible_text(page.text)[:300]}")
    return (
        f"certificate {certificate.number}: {sum(said['destroyed']['rows'].values())} rows and "
        f"{said['destroyed']['keys']} keys gone, read back by other code; {how}; /verify/ knows the digest"
    )


def certified(before: set[UUID], wanted: dict[str, str]) -> list[Certificate]:
    """Return the new certificates whose statement says what is wanted."""
    new = Certificate.objects.exclude(id__in=before)
    return [one for one in new if wanted.items() <= one.statement.items()]


def app_log(device: UUID, moment: datetime) -> dict[str, object]:
    body = {"level": "error", "message": "policy could not be fetched"}
    return {"device": str(device), "kind": "app-log", "occurred_at": moment.isoformat(), "body": body}


def send_old_log(walk: WalkContext, device: UUID) -> datetime | None:
    """Send an app log of a month that is past its term and not destroyed yet; return its moment, if there is one."""
    for back in range(2, 12):
        first = walk.at.replace(day=1, hour=3, minute=0, second=0, microsecond=0)
        count = first.year * 12 + first.month - 1 - back
        moment = first.replace(year=count // 12, month=count % 12 + 1, day=12)
        batch = {"batch": str(uuid4()), "reports": [app_log(device, moment)]}
        answer = walk.gateway.must("POST", "/reports", batch)
        if answer["stored"] == 1:
            return moment
    return None


def withdraw(walk: WalkContext, device: UUID) -> tuple[datetime, str]:
    """Send an app log of now, then withdraw the agreement it rests on; return its moment, and the receipt's number."""
    moment = walk.at - timedelta(minutes=5)
    stored = walk.gateway.must("POST", "/reports", {"batch": str(uuid4()), "reports": [app_log(device, moment)]})
    expect(stored["stored"] == 1, f"an app log of now: {stored}")
    return moment, example_data.decide(walk.gateway, device, "app-log", "withdraw", clock.now())


# -- step 7 ---------------------------------------------------------------------------------------------------


def audited(walk: WalkContext) -> str:
    """An auditor sees who read and changed what, and verifies in the browser."""
    aram = walk.person("Aram")
    subject = Subject.objects.get(id=walk.device)
    listed = aram.get(f"/office/ledger/entry/?subject={subject.reference}")
    expect(walk.people["Hana"].reference in listed.text, f"who read: {visible_text(listed.text)[-400:]}")
    words = set(ledger.entries_about(walk.device).values_list("word", flat=True))
    expect({"ledger.read", "rights.request.granted"} <= words, f"what is on record: {sorted(words)}")
    walk.portal.wait_until(
        lambda: [1] if Checkpoint.objects.filter(size__gte=Leaf.objects.count()).exists() else [],
        "the notary signed no checkpoint for the newest entries",
    )
    page = aram.submit("/office/ledger/checkpoint/verify/", {})
    expect(page.status == 200, f"verifying in the browser: {page.status}")
    code, said = walk.portal.verify()
    expect(code == 0, f"verify_ledger: {code} {said}")
    return f"{len(words)} kinds of entries about {subject.reference}; {said}"


def tampering_found(walk: WalkContext) -> str:
    """After a change made as the database's superuser, verification fails and names the entry; it is then put back."""
    opened = walk.portal.superuser()
    if opened is None:
        return "left out: only the embedded server lets the walk be its superuser"
    entry = ledger.entries_about(walk.device).order_by("id").first()
    assert entry is not None
    with opened as superuser:
        tamper(superuser, entry.id, entry.payload.replace(entry.word, "nothing.to.see"))
        try:
            code, said = walk.portal.verify()
        finally:
            tamper(superuser, entry.id, entry.payload)
    expect(code == 2 and str(entry.id) in said, f"verify_ledger did not notice: {code} {said}")
    again, _said = walk.portal.verify()
    expect(again == 0, "put back, the trail is still not sound")
    found = next(line for line in said.splitlines() if str(entry.id) in line)
    return f"verify_ledger exits {code}: “{found}”; put back, it exits 0"


def tamper(superuser: psycopg.Connection[Any], entry: int, payload: str) -> None:
    """Change an entry as nobody should be able to: as the superuser, with every trigger off.

    In one transaction: the office works on, and nobody writes or fails while no trigger guards or stamps.
    """
    tables = superuser.execute(
        "SELECT relid::regclass::text FROM pg_partition_tree('ledger.entry') WHERE isleaf OR level = 0"
    ).fetchall()
    with superuser.transaction():
        for (table,) in tables:
            switch_triggers(superuser, table, on=False)
        superuser.execute("UPDATE ledger.entry SET payload = %s WHERE id = %s", [payload, entry])
        for (table,) in tables:
            switch_triggers(superuser, table, on=True)


def switch_triggers(superuser: psycopg.Connection[Any], table: str, *, on: bool) -> None:
    names = superuser.execute(
        "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal AND tgparentid = 0", [table]
    ).fetchall()
    for (name,) in names:
        word = "ENABLE ALWAYS" if on else "DISABLE"
        superuser.execute(
            sql.SQL("ALTER TABLE {} {} TRIGGER {}").format(sql.SQL(table), sql.SQL(word), sql.Identifier(name))
        )
