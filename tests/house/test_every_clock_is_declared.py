"""Whatever has a due date stands on the officer's calendar and first page, or says here why nobody waits for it."""

import re

import pytest
from django.apps import apps
from django.db import models

from privacy.lib.registries import deadlines

OURS = ("privacy.", "consents", "devices")
# Names that a day or moment has when something must be done by then.
DUE = re.compile(
    r"(^|_)(due|deadline|until|expected|target|back|expires|ends|planned|not_before|by)(_(on|at))?$|^held_on$"
)
# Days and moments with such a name that wait for no person. Each with its reason.
NO_CLOCK = {
    "office_api.Credential.expires_at": "a program that is still needed is let in anew by its owner",
    "scim.ProvisioningCredential.expires_at": "a directory is let in anew by two officers",
    "office_api.Subscription.old_secret_until": "how long two secrets sign; it passes by itself",
    "subjects.ContactCode.expires_at": "a code from a mail; another is sent on request",
    "accounts.RepresentativeLink.expires_at": "when a link stops working; what it asks has its own clock",
    "accounts.Invitation.expires_at": "when a link stops working; nobody has to do anything by then",
    "accounts.AccessRequest.valid_until": "how long the access is wanted; deciding has no term",
    "accounts.AccessReview.period_until": "the period looked at",
    "accounts.SignInThrottle.wait_until": "a sign-in that waits; it passes by itself",
    "consents.ConsentCode.valid_until": "when a code stops opening; it ends by itself",
    "consents.DailyDecisionCount.until": "how far was counted",
    "devices.Challenge.expires_at": "minutes in which a person answers on the device",
    "devices.Licence.ends_on": "the clock of retention; the sweep makes a list with a day of its own",
    "devices.SettledError.settled_until": "which reports a settled error covers",
    "incidents.Incident.occurred_until": "when it happened",
    "jobs.GeneralOutbox.lease_until": "the worker's own",
    "jobs.GeneralOutbox.not_before": "the worker's own; what gives up is a figure of the first page",
    "jobs.PersonalOutbox.lease_until": "the worker's own",
    "jobs.PersonalOutbox.not_before": "the worker's own; what gives up is a figure of the first page",
    "ledger.Review.period_until": "the period looked at",
    "policies.Officer.designated_until": "set when the next one is designated",
    "retention.ArchiveAccess.until": "access for a day, which ends by itself",
    "retention.ClockDoubt.expected_at": "what the clock should have shown",
    "retention.DestructionList.not_before": "the wait before the worker begins; the list's day is its target",
    "retention.Prediction.until": "how far was simulated",
    "retention.DestructionRun.planned_at": "when it was planned",
    "retention.PaperDestruction.created_until": "what was destroyed",
    "retention.RegisterEntry.created_until": "what was destroyed",
    "retention.DestructionList.trigger_until": "when the last on it became due; its target counts from the first",
    "retention.RegisterEntry.trigger_until": "when the last of it became due",
    "retention.RegisterEntry.target_on": "the day that its list had, or that counts from why its paper was due",
    "rights.Package.expires_at": "the requester's time to download; it ends by itself",
    "rights.Request.authority_until": "the end of a mandate, asked about when it is used",
    "rights.Request.target_on": "the office's own target, before the due day that stands there",
    "safeguards.InspectionFinding.first_due_on": "the first day it had; the day that stands now is the clock",
    "safeguards.Inspection.planned_at": "when it was planned",
    "safeguards.Inspection.held_on": "set when it was held",
    "safeguards.Meeting.held_on": "set when it was held",
    "safeguards.Meeting.planned_at": "when it was planned",
    "safeguards.Member.until": "set when the membership ended",
    "systems.SystemTask.backups_until": "how long another system's backups hold it, as it says itself",
    "vault.Freeze.until": "an unverified freeze; it ends by itself",
    "workforce.Course.offered_until": "the end of an offer",
}


def dated_fields() -> set[str]:
    return {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if model.__module__.startswith(OURS)
        for field in model._meta.get_fields()
        if isinstance(field, models.DateField) and DUE.search(field.name)
    }


@pytest.mark.truth("13")
def test_every_due_date_is_a_clock_or_says_why_not() -> None:
    declared = {field for source in deadlines.sources() for field in source.clocks}
    assert len(declared) > 20
    assert sorted(dated_fields() - declared - NO_CLOCK.keys()) == []
    assert sorted(NO_CLOCK.keys() & declared) == [], "it is a clock after all"
    assert sorted(NO_CLOCK.keys() - dated_fields()) == [], "there is no such day any more"


@pytest.mark.truth("13")
def test_every_clock_names_days_that_exist() -> None:
    for source in deadlines.sources():
        assert source.clocks or source.rows is None, f"{source.name} names no day of a model"
        for name in source.clocks:
            label, _, field = name.rpartition(".")
            assert isinstance(apps.get_model(label)._meta.get_field(field), models.DateField), name
