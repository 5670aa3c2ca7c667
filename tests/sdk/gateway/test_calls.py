"""Each call of the SDK against the real portal."""

import time
from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from devices import actions as devices
from devices.models import AppLog as AppLogRow
from devices.models import Device, Report, Scope
from devices.models import Gateway as GatewayRow
from exafe_gateway import (
    Access,
    AppLog,
    Contact,
    Gateway,
    Licence,
    NotAuthorized,
    Problem,
    Receipt,
    Registration,
    Representative,
    Transport,
    TryLater,
    Unreachable,
)
from exafe_gateway import Report as Said
from exafe_gateway.signing import public_key
from privacy.campaigns import actions as campaigns
from privacy.campaigns.models import Campaign, Delivery
from privacy.jobs.dispatcher import dispatch_due
from privacy.ledger.actors import SystemActor
from tests import factory
from tests.sdk.connector.systems import free_port
from tests.sdk.gateway.conftest import now, sdk

TESTS = SystemActor("tests")
LICENCE = Licence(key="EXAFE-00000001", starts_on=date(2026, 1, 1), ends_on=date(2027, 12, 31))


def registration(number: int = 1) -> Registration:
    return Registration(
        imei=factory.imei(number), model="SM-S931N", os_version="16", os_build="BP2A", time_zone="Asia/Seoul",
        licence=LICENCE,
    )  # fmt: skip


def test_an_item_that_the_policy_declares_is_sent_by_its_code(gate: Gateway) -> None:
    device = uuid4()
    gate.register(device, replace(registration(), more={"model_description": "Galaxy A15"}))
    assert Device.objects.get(id=device).model_description
    with pytest.raises(Problem) as refused:
        gate.register(uuid4(), replace(registration(2), more={"colour": "blue"}))
    assert refused.value.code == "unknown-item"


def test_a_device_lives_from_its_registration_to_its_end(gate: Gateway) -> None:
    device = uuid4()
    made = gate.register(device, registration())
    assert made.is_new
    assert not gate.register(device, registration()).is_new
    assert gate.update(device, os_version="17").reference == made.reference
    access = Said(device=device, occurred_at=gate.now(), body=Access(action="unlock", result="ok"))
    assert [one.code for one in gate.send([access]).refused] == ["no-consent"]
    needed = gate.consents(device).needed
    assert {one.code for one in needed if one.required} == {"activation", "service-analytics"}
    assert all(one.ko.title and one.en.body for one in needed)
    receipts = [
        gate.decide(device, one.code, "agree", version=one.version, decided_at=gate.now(), language="ko")
        for one in needed
        if one.required or one.code == "app-log"
    ]
    assert all(one.code and one.digest and one.stands for one in receipts)
    assert {one.decision for one in gate.consents(device).decisions} == {"agree"}
    log = Said(device=device, occurred_at=gate.now(), body=AppLog(level="error", message="정책이 적용되지 않음"))
    batch = uuid4()
    assert [gate.send([access, log], batch=batch).stored for _time in range(2)] == [2, 2]
    assert (Report.objects.count(), AppLogRow.objects.count()) == (1, 1)
    until = gate.now().replace(microsecond=0)
    assert gate.errors_settled(device, until) == until
    [known] = gate.record_contacts(device, [Contact(kind="email", value="mina@example.org", language="en")])
    assert (known.kind, known.verified) == ("email", False)
    permission = gate.advertising_permission(device, "sms", gate.now() + timedelta(hours=1))
    assert not permission.allowed and permission.because
    assert gate.end_service(device, date.today()).id == device


def test_where_anyone_uses_devices_the_age_is_sent_and_a_representative_agrees_for_a_child(gate: Gateway) -> None:
    GatewayRow.objects.update(users=GatewayRow.Users.ANYBODY)
    device = gate.register(uuid4(), registration()).id
    first = gate.consents(device)
    assert first.age == "unknown"
    born_on = date.today().replace(year=date.today().year - 10, day=1)
    mother = Representative(name="김하나", contact="010-1234-5678", confirmation="phone")
    decided_at = gate.now()

    def agree(born_on: date | None = None, by: Representative | None = None) -> Receipt:
        return gate.decide(
            device, first.needed[0].code, "agree", version=first.needed[0].version, decided_at=decided_at,
            language="ko", birth_date=born_on, representative=by,
        )  # fmt: skip

    with pytest.raises(Problem, match="age-not-stated"):
        agree()
    with pytest.raises(Problem, match="representative-needed"):
        agree(born_on)
    assert agree(born_on, mother).digest
    now_known = gate.consents(device)
    assert (now_known.age, [one.decision for one in now_known.decisions]) == ("child", ["agree"])


def test_a_message_is_fetched_and_told_as_shown(gate: Gateway) -> None:
    device = factory.make_device(1, at=now())
    campaigns.start_campaign(
        kind=Campaign.Kind.BREACH, about="x", occasion="x", title={"ko": "제목", "en": "Title"},
        text={"ko": "내용", "en": "Text"}, subject_ids=[device.subject_id], actor=factory.make_odile(), at=now(),
    )  # fmt: skip
    for _round in range(3):
        dispatch_due(at=now())
    [message] = gate.messages(device.id)
    assert (message.ko.title, message.en.text) == ("제목", "Text")
    gate.message_shown(device.id, message.id, gate.now())
    with pytest.raises(Problem, match="unknown-message"):
        gate.message_shown(device.id, uuid4(), gate.now())
    for _round in range(3):
        dispatch_due(at=now())
    assert gate.messages(device.id) == ()
    assert Delivery.objects.get().way == "device"


def test_the_holder_of_a_device_confirms_or_denies(gate: Gateway, portal: int) -> None:
    device = factory.make_device(1, at=now()).id
    assert gate.challenge(device) is None
    for ending in ("confirmed", "denied"):
        asked = devices.issue_challenge(device_id=device, case=f"K7-{ending}", actor=TESTS, at=now())
        waiting = gate.challenge(device)
        assert waiting is not None and waiting.id == asked.id
        with pytest.raises(Problem, match="wrong-code: This is not the code"):
            sdk(portal, language="en").confirm(device, waiting.id, "WRONG1")
        if ending == "confirmed":
            assert gate.confirm(device, waiting.id, asked.shown) == ending
        else:
            assert gate.deny(device, waiting.id) == ending


def test_requests_are_signed_also_with_a_clock_that_is_wrong(portal: int) -> None:
    key = Ed25519PrivateKey.generate()
    token = devices.issue_token(
        factory.make_gateway(), scopes=Scope.values, signing_key=public_key(key), actor=TESTS, at=now()
    ).token
    with pytest.raises(NotAuthorized, match="bad-signature"):
        sdk(portal, token).consents(uuid4())
    late = sdk(portal, token, signing_key=key, clock=lambda: time.time() - 3_600)
    device = late.register(uuid4(), registration()).id
    assert abs((late.now() - now()).total_seconds()) < 60
    # From here on each call of the device has its signature beside the token's.
    own = Ed25519PrivateKey.generate()
    late.set_device_key(device, own)
    assert late.consents(device).needed
    late.device_keys.clear()
    with pytest.raises(NotAuthorized, match="bad-signature"):
        late.consents(device)


def test_a_consent_after_a_withdrawal_counts_in_five_minutes_by_the_portals_clock_and_not_by_one_behind(
    portal: int,
) -> None:
    """What the guide and the example agent promise; by its own clock the device would wait an hour (decision 0429)."""
    minute = timedelta(minutes=1)
    behind = sdk(portal, clock=lambda: time.time() - 3_600)
    device = behind.register(uuid4(), registration()).id
    wanted = next(one for one in behind.consents(device).needed if not one.required)
    said = {"version": wanted.version, "language": "en"}
    # As far ahead as a device's clock may be; withdrawn on the website at that moment, five minutes ago.
    for choice, ago, ahead in (("agree", 5.2, 5), ("withdraw", 5.1, 0)):
        at = now() - ago * minute
        factory.decide(device, wanted.code, choice, at=at, decided_at=at + ahead * minute, actor=factory.make_gate())
    for by_own_clock in (now() - 60 * minute, now() - 55 * minute):
        assert not behind.decide(device, wanted.code, "agree", decided_at=by_own_clock, **said).stands
    assert behind.decide(device, wanted.code, "agree", decided_at=behind.now(), **said).stands


def test_a_refusal_is_a_problem_with_its_code_and_its_items(portal: int, gate: Gateway) -> None:
    with pytest.raises(NotAuthorized) as wrong:
        sdk(portal, "no-token").consents(uuid4())
    assert (wrong.value.status, wrong.value.code) == (401, "unauthenticated")
    with pytest.raises(Problem) as unknown:
        gate.consents(uuid4())
    assert (unknown.value.status, unknown.value.code) == (404, "unknown-device")
    with pytest.raises(Problem) as bad:
        gate.register(uuid4(), Registration(**{**vars(registration()), "imei": "123"}))
    assert [(one.pointer, one.code) for one in bad.value.items] == [("/imei", "bad-identifier")]
    assert not Device.objects.exists()


def test_it_waits_as_long_as_the_portal_says_and_then_leaves_it_to_the_caller(portal: int) -> None:
    slow = devices.register_gateway(title="Slow", actor=TESTS, at=now(), rate=1)
    token = devices.issue_token(slow, scopes=Scope.values, actor=TESTS, at=now()).token
    waits: list[float] = []
    gate = sdk(portal, token, tries=4, sleep=waits.append)
    with pytest.raises(TryLater) as late:
        for _call in range(3):  # a minute may end between two of them
            try:
                gate.consents(uuid4())
            except TryLater:
                raise
            except Problem as problem:
                assert problem.code == "unknown-device"
    assert late.value.status == 429
    assert len(waits) >= 3 and all(1 <= seconds <= 60 for seconds in waits)


def test_a_portal_that_is_away_is_unreachable_after_the_last_try() -> None:
    waits: list[float] = []
    with pytest.raises(Unreachable):
        sdk(free_port(), "token", tries=4, sleep=waits.append).consents(uuid4())
    assert len(waits) == 3
    with pytest.raises(ValueError, match="HTTPS"):
        Transport("http://portal.example", "token")
