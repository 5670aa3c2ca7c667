"""What tests of withdrawals start from: a device that agreed to everything, its reports, what its user is mailed."""

from datetime import datetime, timedelta
from email.message import EmailMessage

from consents.models import Decision, PlannedDestruction
from devices import actions as devices
from privacy.jobs.dispatcher import dispatch_due
from privacy.ledger.actors import ExternalActor
from privacy.subjects.models import Subject
from tests import factory
from tests.base import PortalTestCase
from tests.privacy.disclosures.smtp_server import mailbox

LATER = factory.NOON + timedelta(hours=1)
DUE = LATER + factory.WITHDRAWAL_WAIT
MINE, OTHER = "mina@old.example", "other@new.example"
TELLS = "consents.destruction"


def mails(*, at: datetime) -> list[EmailMessage]:
    """What the worker sends now about the destruction that follows a withdrawal."""
    with mailbox() as box:
        dispatch_due(at=at)
        dispatch_due(at=at)
    return [mail for mail in box.arrived if "consent-ended" in str(mail["Message-ID"])]


def words(mail: EmailMessage) -> str:
    return " ".join(str(mail.get_body(("plain",)).get_content()).split())  # type: ignore[union-attr]


class WithdrawalCase(PortalTestCase):
    def setUp(self) -> None:
        self.device = factory.make_device(agreed=("activation", "service-analytics", "app-log"))
        batch = factory.make_batch(*(factory.make_report(self.device, kind) for kind in factory.BODIES))
        devices.store_reports(batch, gateway=factory.make_gate(), at=factory.NOON)

    def withdraw(self, code: str = "app-log") -> tuple[Decision, PlannedDestruction]:
        decision = factory.decide(self.device, code, "withdraw", at=LATER)
        return decision, PlannedDestruction.objects.get(decision=decision)


class ToldWithdrawalCase(WithdrawalCase):
    """Mina, whose device it is, has an e-mail address on record, and nothing waits to be sent."""

    def setUp(self) -> None:
        super().setUp()
        self.mina = Subject.objects.get(pk=self.device.subject_id)
        self.me = ExternalActor("subject", self.mina.reference)
        self.contact = factory.make_contact(self.mina, value=MINE)
        mails(at=factory.NOON)
