"""What a new office needs before it can work, each with its state as it is now: nobody ticks anything off."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from config import operator_status
from privacy.accounts import permissions
from privacy.disclosures.models import ThirdParty
from privacy.jobs.models import GeneralOutbox, PersonalOutbox
from privacy.ledger.models import Checkpoint
from privacy.lib.dates import clock
from privacy.policies.models import Officer, PolicyVersion
from privacy.safeguards.models import ManagementPlan

# Who notices a second officer missing: an approval of two people takes as many.
OFFICERS_NEEDED = 2


@dataclass(frozen=True)
class FirstStep:
    """One thing a new office needs: why, whether it is there, and the page of the console where it is done.

    Without a page it is the operator's, on the server.
    """

    name: Promise
    why: Promise
    is_done: Callable[[datetime], bool]
    page: str = ""

    @property
    def url(self) -> str:
        return reverse(self.page) if self.page else ""


def _officer(at: datetime) -> bool:
    found = Officer.objects.on(clock.kst_date(at))
    return found is not None and bool(found.email and found.name_en)


def _two_officers(at: datetime) -> bool:
    return bool(permissions.users_with_role("officer").count() >= OFFICERS_NEEDED)


def _auditor(at: datetime) -> bool:
    return bool(permissions.users_with_role("auditor").exists())


def _policy(at: datetime) -> bool:
    return PolicyVersion.objects.in_force(clock.kst_date(at)) is not None


def _plan(at: datetime) -> bool:
    return ManagementPlan.objects.filter(state=ManagementPlan.State.APPROVED).exists()


def _mail(at: datetime) -> bool:
    stuck = any(outbox.objects.parked().exists() for outbox in (GeneralOutbox, PersonalOutbox))
    return bool(settings.EMAIL_URL or settings.DEVELOPMENT) and not stuck


def _notary(at: datetime) -> bool:
    return Checkpoint.objects.exists() and operator_status.notary(at)["ok"] is True


STEPS = (
    FirstStep(
        _("Designate the protection officer, with an e-mail address and the name in Latin letters"),
        _("The public pages name the officer in both languages, and reminders of overdue work go to this address."),
        _officer,
        "admin:policies_officer_changelist",
    ),
    FirstStep(
        _("Give a second person the officer's role"),
        _("Approvals take two people. With one officer, nothing that needs a second person can be completed."),
        _two_officers,
        "admin:accounts_accessgrant_changelist",
    ),
    FirstStep(
        _("Give somebody the auditor's role"),
        _("Somebody other than the officers reviews the access records each period."),
        _auditor,
        "admin:accounts_accessgrant_changelist",
    ),
    FirstStep(
        _("Publish the privacy policy"),
        _("Only what the policy in force declares may be collected and kept."),
        _policy,
        "admin:policies_policyversion_changelist",
    ),
    FirstStep(
        _("Register the recipients of personal data"),
        _("A disclosure goes to a registered recipient only, and corrections are told to them."),
        lambda at: ThirdParty.objects.exists(),
        "admin:disclosures_thirdparty_changelist",
    ),
    FirstStep(
        _("Have the management plan approved"),
        _("The law asks for an internal management plan. Inspections and training follow it."),
        _plan,
        "admin:safeguards_managementplan_changelist",
    ),
    FirstStep(
        _("Mail goes out"),
        _("Answers, codes and reminders go by e-mail. No delivery may be stuck."),
        _mail,
        "admin:jobs_generaloutbox_changelist",
    ),
    FirstStep(
        _("The keys open the data"),
        _("Without the right keys nothing that is held can be read or corrected."),
        lambda at: operator_status.keys(at)["ok"] is True,
    ),
    FirstStep(
        _("A backup was made in the last day"),
        _("Data and keys are backed up separately, so that a destroyed key stays destroyed."),
        lambda at: operator_status.backup(at)["ok"] is True,
    ),
    FirstStep(
        _("The notary signs the audit trail"),
        _("Only what a separate key has signed proves that the trail was not altered."),
        _notary,
        "admin:ledger_checkpoint_changelist",
    ),
    FirstStep(
        _("The representative can be reached"),
        _("If there is no second officer, the representative decides (REPRESENTATIVE_EMAIL)."),
        lambda at: bool(settings.REPRESENTATIVE_EMAIL),
    ),
)


def steps_now(at: datetime) -> list[tuple[FirstStep, bool]]:
    """Return each step with its state, what is missing first."""
    return sorted(((step, step.is_done(at)) for step in STEPS), key=lambda pair: pair[1])
