"""The demo's example data: people, a gateway with its fleet, a recipient with a disclosure, an archived record.

Accounts and registers are made by the verbs of the apps; devices, licences, consents and reports come in through the
real API, as a gateway sends them. Identifiers are synthetic: the TAC 00440105 is nobody's.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

from django.db import transaction

from config.demonstration import (
    example_accounts,
    example_notices,
    example_reviews,
    example_safeguards,
    example_systems,
)
from config.demonstration.example_accounts import (
    DEMO,
    add_authenticators,
    fill_staff_registers,
    grant_access,
    make_people,
)
from config.demonstration.example_accounts import PASSWORD as PASSWORD
from config.demonstration.example_accounts import PEOPLE as PEOPLE
from config.demonstration.example_recipients import CARRIER
from config.demonstration.http_client import GatewayClient
from devices import actions as devices
from devices.models import Device, Scope
from devices.models import Gateway as GatewayRow
from privacy.accounts.models import User
from privacy.accounts.signin import second_factors
from privacy.disclosures import actions as disclosures
from privacy.disclosures.models import Disclosure, ThirdParty
from privacy.lib.dates import clock
from privacy.policies import actions as policies
from privacy.policies import rulebook
from privacy.policies.categories import DEVICE_REGISTRATION
from privacy.policies.models import PolicyVersion
from privacy.retention import actions as retention
from privacy.retention.actions.destruction_waits import WAIT
from privacy.retention.models import ArchiveAccess
from privacy.safeguards.models import ManagementPlan
from privacy.workforce import compliance

# The carrier was announced this long ago, and the version that names it has been in force for two weeks.
ANNOUNCED = timedelta(days=45)
FLEET = UUID("0190a000-0000-7000-8000-00000000f1ee")
MODELS = (("XM-G120", "Android 15"), ("XM-G130", "Android 16"), ("XM-T7", "Android 14"))


def sign_ins() -> list[tuple[str, str, str, str]]:
    """Return e-mail, password, role, and the key of the authenticator app of each example account."""
    users = {user.email: user for user in User.objects.filter(email__in=[email for email, _name, _role in PEOPLE])}
    return [(email, PASSWORD, role, second_factors.totp_secret(users[email]) or "") for email, _name, role in PEOPLE]


def people_meeting_requirements(people: Iterable[User], on: date) -> str:
    """Say who of the example people has a valid pledge and training, and who has neither."""
    fit = [user.name for user in people if compliance.valid_pledge(user, on) and compliance.valid_training(user, on)]
    others = [user.name for user in people if user.name not in fit]
    return f"pledge and training: {', '.join(fit)}; still to do: {', '.join(others)}"


def load_examples(base: str) -> Iterator[str]:
    """Load what is missing and yield a line for each thing made; a second start makes nothing and says so.

    Each step is made whole or not at all, and once: a start that was broken off is made good by the next one.
    """
    if ManagementPlan.objects.exists():
        add_authenticators(User.objects.filter(email__in=[email for email, _name, _role in PEOPLE]))
        yield "The example data is there already."
        return
    at = clock.now()
    policies.record_shipped_seals(actor=DEMO, at=at)
    yield shorten_waits(at)
    people = make_people(at)
    grant_access(people, at)
    fill_staff_registers(people, at)
    yield f"accounts: {', '.join(f'{name} ({role})' for _email, name, role in PEOPLE)}"
    yield people_meeting_requirements(people.values(), clock.kst_date(at))
    gateway = GatewayClient(base, make_token("Demo MDM server", people, at=at))
    party, named = announce_recipient(people, at - ANNOUNCED)
    policies.take_effect(actor=DEMO, at=at)
    yield f"a gateway, and a recipient: {party.title}, named by the policy of {named.number}"
    ids = [register_device(gateway, number, at) for number in range(12)]
    register_device(gateway, 90, at, licence=(date(2022, 1, 1), date(2024, 1, 15)))
    yield f"{len(ids) + 1} devices with licences and consents, through the API; one licence ended in January 2024"
    stored = sum(send_reports(gateway, device, at) for device in ids)
    yield f"{stored} reports, through the API; some app logs are past their term"
    yield from example_notices.load_notices(ids, people, at)
    yield f"a draft that completes the policy under today's law: {example_notices.propose(people, at)}"
    if not Disclosure.objects.provided().exists():
        provide_to(party, ids[0], people)
    yield f"a disclosure to {party.title}, approved by a second person"
    yield example_systems.register_systems(people, clock.now())
    yield archive_an_access(gateway, people, clock.now())
    yield example_reviews.review_access_records(people, clock.now())
    yield from example_safeguards.load_safeguards(people, clock.now())


def shorten_waits(at: datetime) -> str:
    """Let the example rulebook wait for nothing, so that a destruction can be seen through in one sitting."""
    today = clock.kst_date(at)
    if rulebook.parameter(WAIT, today) > 0:
        policies.set_parameter(code=WAIT, value=0, effective_on=today, basis="demonstration", actor=DEMO, at=at)
    example_accounts.shorten_waits(at)
    return "the example rulebook destroys on request at once; in production it waits 24 hours"


def make_token(title: str, people: Mapping[str, User], *, at: datetime) -> str:
    """Return a token with every scope for the gateway of that title, made where it is missing; Omar approves it."""
    odile = people["Odile"]
    row = GatewayRow.objects.filter(title=title).first() or devices.register_gateway(title=title, actor=odile, at=at)
    made = devices.issue_token(row, scopes=list(Scope.values), actor=odile, at=at)
    devices.approve_token(made.row, actor=people["Omar"], at=at)
    return made.token


@transaction.atomic
def announce_recipient(people: dict[str, User], at: datetime) -> tuple[ThirdParty, PolicyVersion]:
    """Make the example carrier and publish the version of the policy that names it, where that is not done."""
    party = CARRIER.register(actor=people["Odile"], publisher=people["Omar"], at=at)
    return party, CARRIER.version_naming_it() or CARRIER.publish_version(people, at)


def imei(number: int) -> str:
    """Return a synthetic IMEI with its check digit (Luhn)."""
    body = f"00440105{number:06d}"
    total = 0
    for position, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return f"{body}{-total % 10}"


def register_device(
    gateway: GatewayClient,
    number: int,
    at: datetime,
    *,
    licence: tuple[date, date] | None = None,
    device: UUID | None = None,
) -> UUID:
    """Register one device with its licence and its user's consents through the API; return its id."""
    identifier = device or uuid5(FLEET, f"device-{number}")
    model, system = MODELS[number % len(MODELS)]
    starts, ends = licence or (date(2026, 1, 1), date(2027, 12, 31))
    gateway.must(
        "PUT",
        f"/devices/{identifier}",
        {
            "imei": imei(number),
            "serial_number": f"XM{number:08d}",
            "model": model,
            "model_description": f"Exafe managed {model}",
            "os_version": system,
            "os_build": f"BP2A.{250000 + number}",
            "time_zone": "Asia/Seoul",
            "licence": {
                "key": f"EXAFE-{number:06d}",
                "starts_on": starts.isoformat(),
                "ends_on": ends.isoformat(),
            },
        },
    )
    for agreement in ("activation", "service-analytics", "app-log", f"provision-{CARRIER.code}"):
        decide(gateway, identifier, agreement, "agree", at)
    return identifier


def decide(gateway: GatewayClient, device: UUID, agreement: str, decision: str, at: datetime) -> str:
    """Send the user's decision on an agreement through the API; return the number of its receipt."""
    said = {"decision": decision, "version": 1, "decided_at": at.isoformat(), "method": "app", "language": "ko"}
    return str(gateway.must("PUT", f"/devices/{device}/consents/{agreement}", said)["receipt"]["record_id"])


def send_reports(gateway: GatewayClient, device: UUID, at: datetime) -> int:
    """Send a batch of every kind of report for a device, app logs of a month past its term included."""
    long_ago = moment_past_retention(at)
    bodies: list[tuple[str, dict[str, object], datetime]] = [
        ("status", {"state": "active"}, at - timedelta(hours=2)),
        ("activation", {"activated_at": (at - timedelta(days=3)).isoformat()}, at - timedelta(days=3)),
        (
            "access-count",
            {"count": 4, "from": (at - timedelta(days=1)).isoformat(), "until": at.isoformat()},
            at - timedelta(minutes=5),
        ),
        ("access", {"action": "unlock", "result": "ok"}, at - timedelta(hours=1)),
        ("app-status", {"app": "exafe-agent", "version": "4.2.0", "state": "running"}, at - timedelta(hours=1)),
        (
            "configuration",
            {"setting": "camera", "result": "applied", "applied_at": (at - timedelta(hours=3)).isoformat()},
            at - timedelta(hours=3),
        ),
        ("app-log", {"level": "error", "message": "agent restarted after an update"}, at - timedelta(days=2)),
        ("app-log", {"level": "error", "message": "policy could not be fetched"}, long_ago),
    ]
    reports = [
        {"device": str(device), "kind": kind, "occurred_at": occurred.isoformat(), "body": body}
        for kind, body, occurred in bodies
    ]
    batch = uuid5(FLEET, f"batch-{device}-{at.isoformat()}")
    answer = gateway.must("POST", "/reports", {"batch": str(batch), "reports": reports})
    return int(answer["stored"])


def archive_an_access(gateway: GatewayClient, people: Mapping[str, User], at: datetime) -> str:
    """Withdraw a user's agreement through the API: what another law preserves goes to the archive; ask to read it."""
    if not ArchiveAccess.objects.exists():
        device = register_device(gateway, 91, at)
        send_reports(gateway, device, at)
        decide(gateway, device, "service-analytics", "withdraw", at)
        subject = Device.objects.get(pk=device).subject_id
        retention.ask_access(
            rule="internet-log", subject_id=subject, law="통신비밀보호법 제15조의2", document="수사협조 2026-1127",
            reason="수사기관의 협조 요청 (example)", actor=people["Hana"], at=at,
        )  # fmt: skip
    return "a withdrawn agreement, whose access records the worker moves to the archive, and a request to read them"


def moment_past_retention(at: datetime) -> datetime:
    """Return a moment of a month whose app logs are past their term (P6.3): three months before ``at``."""
    first = at.astimezone(UTC).replace(day=1, hour=3, minute=0, second=0, microsecond=0)
    month = first.year * 12 + first.month - 1 - 3
    return first.replace(year=month // 12, month=month % 12 + 1, day=10)


def provide_to(party: ThirdParty, device: UUID, people: dict[str, User]) -> Disclosure:
    """Provide a device's model and OS version to a third party: asked by one person, approved by another."""
    wanted = [disclosures.RequestedItem(device, DEVICE_REGISTRATION, item) for item in ("model", "os_version")]
    asked = disclosures.request(
        third_party=party,
        basis=Disclosure.Basis.CONSENT,
        items=wanted,
        purpose="단말기 수리 (device repair)",
        purpose_code="registration",
        actor=people["Hana"],
        at=clock.now(),
    )
    disclosures.approve(asked, actor=people["Odile"], at=clock.now())
    return disclosures.provide(asked, actor=people["Hana"], at=clock.now()).disclosure
