"""The demo's example data: people, a gateway with its fleet, a recipient with a disclosure.

Accounts and registers are made by the verbs of the apps; devices, licences, consents and reports come in through the
real API, as a gateway sends them. Identifiers are synthetic: the TAC 00440105 is nobody's.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

from config.demonstration import safeguards, tellings
from config.demonstration.client import Gateway
from config.demonstration.people import DEMO, fill_registers, give_apps, make_people
from config.demonstration.people import PASSWORD as PASSWORD
from config.demonstration.people import PEOPLE as PEOPLE
from consents import actions as consents
from devices import actions as devices
from devices.models import Gateway as GatewayRow
from devices.models import Scope
from privacy.accounts.models import User
from privacy.accounts.signin import factors
from privacy.disclosures import actions as disclosures
from privacy.disclosures.models import Disclosure, ThirdParty
from privacy.lib import clock
from privacy.policies import actions as policies

FLEET = UUID("0190a000-0000-7000-8000-00000000f1ee")
CARRIER = "hanbit-mobile"
MODELS = (("XM-G120", "Android 15"), ("XM-G130", "Android 16"), ("XM-T7", "Android 14"))
AGREEMENT_WORDS = {
    "title_ko": "한빛모바일에 대한 개인정보 제공 동의",
    "title_en": "Provision of personal information to Hanbit Mobile",
    "body_ko": "단말기 개통과 수리를 위하여 아래 항목을 한빛모바일에 제공하는 것에 동의합니다.",
    "body_en": "I agree that the items below are provided to Hanbit Mobile for opening and repairing my device.",
    "purpose_ko": "단말기 개통 및 수리",
    "purpose_en": "Opening and repair of the device",
    "items_ko": "모델명, 운영체제 버전, 일련번호",
    "items_en": "Model name, OS version, serial number",
    "retention_ko": "제공일부터 1년",
    "retention_en": "One year from the provision",
    "refusal_ko": "동의를 거부할 수 있으며, 거부해도 서비스 이용에 제한이 없습니다.",
    "refusal_en": "You may refuse. Refusing does not limit the service.",
    "recipient_ko": "한빛모바일 주식회사",
    "recipient_en": "Hanbit Mobile Inc.",
    "item_codes": ["model", "os_version", "serial_number"],
    "purpose_codes": ["registration"],
}


def sign_ins() -> list[tuple[str, str, str, str]]:
    """Return e-mail, password, role, and the key of the authenticator app of each example account."""
    users = {user.email: user for user in User.objects.filter(email__in=[email for email, _name, _role in PEOPLE])}
    return [(email, PASSWORD, role, factors.secret_of(users[email]) or "") for email, _name, role in PEOPLE]


def load(base: str) -> Iterator[str]:
    """Load what is missing and yield a line for each thing made; a second start makes nothing and says so."""
    if Disclosure.objects.provided().exists():
        give_apps(User.objects.filter(email__in=[email for email, _name, _role in PEOPLE]))
        yield "The example data is there already."
        return
    at = clock.now()
    policies.adopt(actor=DEMO, at=at)
    people = make_people(at)
    fill_registers(people, at)
    yield f"accounts with pledges and training: {', '.join(f'{name} ({role})' for _email, name, role in PEOPLE)}"
    gateway = Gateway(base, make_token("Demo MDM server", actor=people["Odile"], at=at))
    party = make_recipient(actor=people["Odile"], at=at)
    yield f"a gateway, and a recipient: {party.title}"
    ids = [register(gateway, number, at) for number in range(12)]
    register(gateway, 90, at, licence=(date(2022, 1, 1), date(2024, 1, 15)))
    yield f"{len(ids) + 1} devices with licences and consents, through the API; one licence ended in January 2024"
    stored = sum(send_reports(gateway, device, at) for device in ids)
    yield f"{stored} reports, through the API; some app logs are past their term"
    yield from tellings.tell(ids, people, at)
    provide_to(party, ids[0], people)
    yield f"a disclosure to {party.title}, approved by a second person"
    yield from safeguards.load(people, clock.now())


def make_token(title: str, *, actor: User, at: datetime) -> str:
    """Return a token with every scope for the gateway of that title, made where it is missing."""
    row = GatewayRow.objects.filter(title=title).first() or devices.register_gateway(title=title, actor=actor, at=at)
    return devices.issue_token(row, scopes=list(Scope.values), actor=actor, at=at).token


def make_recipient(*, actor: User, at: datetime) -> ThirdParty:
    """Make the example carrier and the agreement that lets data go there."""
    known = ThirdParty.objects.filter(code=CARRIER).first()
    if known is not None:
        return known
    party = disclosures.register_party(
        code=CARRIER,
        title="한빛모바일 (Hanbit Mobile, example)",
        kind=ThirdParty.Kind.CARRIER,
        channel=ThirdParty.Channel.EMAIL,
        mailbox="privacy@hanbit-mobile.example",
        contract="2025-11",
        actor=actor,
        at=at,
    )
    consents.offer_provision(recipient=CARRIER, words=AGREEMENT_WORDS, actor=actor, at=at)
    return party


def imei(number: int) -> str:
    """Return a synthetic IMEI with its check digit (Luhn)."""
    body = f"00440105{number:06d}"
    total = 0
    for position, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return f"{body}{-total % 10}"


def register(
    gateway: Gateway, number: int, at: datetime, *, licence: tuple[date, date] | None = None, device: UUID | None = None
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
    for agreement in ("activation", "app-log", f"provision-{CARRIER}"):
        gateway.must(
            "PUT",
            f"/devices/{identifier}/consents/{agreement}",
            {
                "decision": "agree",
                "version": 1,
                "decided_at": at.isoformat(),
                "method": "app",
                "language": "ko",
            },
        )
    return identifier


def send_reports(gateway: Gateway, device: UUID, at: datetime) -> int:
    """Send a batch of every kind of report for a device, app logs of a month past its term included."""
    long_ago = past_term(at)
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


def past_term(at: datetime) -> datetime:
    """Return a moment of a month whose app logs are past their term (P6.3): three months before ``at``."""
    first = at.astimezone(UTC).replace(day=1, hour=3, minute=0, second=0, microsecond=0)
    month = first.year * 12 + first.month - 1 - 3
    return first.replace(year=month // 12, month=month % 12 + 1, day=10)


def provide_to(party: ThirdParty, device: UUID, people: dict[str, User]) -> Disclosure:
    """Provide a device's model and OS version to a third party: asked by one person, approved by another."""
    wanted = [disclosures.Wanted(device, "device-registration", item) for item in ("model", "os_version")]
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
