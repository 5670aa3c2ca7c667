"""Probes of what the office owes itself: access, pledges, trainings, measures, the audit trail."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from privacy.accounts import actions as accounts
from privacy.accounts.models import AccessGrant, User
from privacy.accounts.second_person import NotASecondPerson, require_second_person
from privacy.disclosures import actions as disclosures
from privacy.disclosures.models import CorrectionProof
from privacy.disclosures.provision_reports import report_due
from privacy.ledger import actions as ledger
from privacy.ledger.integrity import pruning
from privacy.lib.dates import clock
from privacy.policies.categories import WORKFORCE
from privacy.policies.models import Officer
from privacy.processors import actions as processors
from privacy.processors.deadlines import supervised
from privacy.retention import actions as retention
from privacy.safeguards import actions as safeguards
from privacy.safeguards import deadlines as safeguards_agenda
from privacy.safeguards.actions.applicability import filing_due
from privacy.safeguards.holdings import files_due
from privacy.safeguards.models import Evidence, YearFigures
from privacy.safeguards.thresholds import THRESHOLDS
from privacy.workforce import actions as workforce
from privacy.workforce import reminders
from privacy.workforce.holdings import certificates_due
from privacy.workforce.models import Course, CourseCompletion, PledgeText
from tests import factory
from tests.house.parameter_probes import LONG_AGO, TESTS, ago, noon, term

# --- people who work here --------------------------------------------------------------------------------


def grants_forgotten(on: date) -> Any:
    hana = factory.make_hana(granted=False)
    AccessGrant.objects.create(
        user=hana, category="device-registration", purpose="registration", valid_from=LONG_AGO,
        valid_until=ago(on, 4), granted_at=noon(LONG_AGO), reason="x",
        asked_by="system:tests", granted_by="system:tests",
    )  # fmt: skip
    return accounts.delete_old_grants(on=on, actor=TESTS, at=noon(on))


def grants_reviewed_from(on: date) -> Any:
    made = accounts.open_review(on=on, actor=TESTS, at=noon(on))
    return made and (made.period_from, made.period_until)


def grants_review_due(on: date) -> Any:
    made = accounts.open_review(on=on, actor=TESTS, at=noon(on))
    return made and made.due_on


def roles_ending(on: date) -> Any:
    AccessGrant.objects.create(
        user=factory.make_hana(granted=False), role="auditor", valid_from=LONG_AGO,
        valid_until=on + timedelta(days=20), granted_at=noon(LONG_AGO), reason="x", asked_by="system:tests",
        granted_by="system:tests",
    )  # fmt: skip
    return len(reminders.officer_report(on=on).ending)


def invitation_expires(on: date) -> Any:
    made = accounts.invite(factory.make_emin(), asked_by="tests", actor=TESTS, at=noon(on), by_mail=False)
    return made.expires_at - made.made_at


def second_person_new(on: date) -> Any:
    nari = factory.make_user("nari@extrus.example", "Nari", "officer")
    factory.make_used_invitation(nari, used_at=noon(on - timedelta(days=5)))
    return refuses_second_person(nari, on)


def second_person_related(on: date) -> Any:
    nari = factory.make_user("nari@extrus.example", "Nari", "officer")
    made = noon(on - timedelta(days=10))
    factory.make_used_invitation(nari, used_at=made, asked_by=factory.make_odile(granted=False).ref)
    return refuses_second_person(nari, on)


def alone_after(on: date) -> Any:
    """How long an act waits for a second person before one officer may go on alone."""
    return accounts.alone_from(noon(on), at=noon(on)) - noon(on)


def emergency_reviewed_within(on: date) -> Any:
    odile = factory.make_odile(granted=False)
    asked = retention.ask_access(
        rule="test", subject_id=odile.pk, law="법", document="1", reason="x", actor=odile, at=noon(LONG_AGO)
    )
    made = accounts.go_alone(asked, reason="Nobody else is here, and it can't wait.", actor=odile, at=noon(on))
    return made.review_due_at - made.made_at


def refuses_second_person(user: User, on: date) -> bool:
    try:
        require_second_person(user, asked_by=factory.make_odile(granted=False).ref, at=noon(on))
    except NotASecondPerson:
        return True
    return False


def dormant(on: date) -> Any:
    user = factory.make_hana(granted=False)
    User.objects.filter(pk=user.pk).update(last_login=noon(on - timedelta(days=60)))
    return user in User.objects.dormant(on=on)


def signed_until(on: date) -> Any:
    hana = factory.make_hana(granted=False)
    text = PledgeText.objects.get(occasion="yearly", version=1)
    return workforce.sign(text, typed_name=hana.name, language="ko", actor=hana, at=noon(on)).valid_until


def reminded(on: date) -> Any:
    user = factory.make_user("nuri@extrus.example", "누리", "employee", fit=False)
    factory.make_pledge(user, valid_until=on + timedelta(days=20))
    factory.make_training(user, valid_until=on + timedelta(days=20))
    return [(owed.pledge, owed.training) for owed in reminders.personal_reminders(on=on) if owed.user == user]


def certificate_due(on: date) -> Any:
    user = factory.make_user("nuri@extrus.example", "누리", "employee", fit=False)
    factory.make_sealed_file(subject_id=user.pk, category=WORKFORCE)
    CourseCompletion.objects.create(
        user=user, course=Course.objects.get(code="privacy-basics"), method="quiz", score=100, completed_on=ago(on, 3),
        recorded_at=noon(on), valid_until=ago(on, 2), registered_by=user.reference, certificate_id=user.pk,
        certificate_digest="0" * 64,
    )  # fmt: skip
    return list(certificates_due(on, term()))


def evidence_of_measures_due(on: date) -> Any:
    evidence = Evidence.objects.create(
        measure=factory.make_measure(), result="passed", detail="x", at=noon(ago(on, 2)), on=ago(on, 2),
        recorded_by="tests", file_id=factory.make_hana(granted=False).pk, file_digest="0" * 64,
    )  # fmt: skip
    factory.make_sealed_file(subject_id=evidence.id, category="safeguard-evidence", at=noon(ago(on, 2)))
    return [evidence.id] in list(files_due(on, term()))


def plan_check_due(on: date) -> Any:
    factory.make_approved_plan(effective_on=on, at=noon(on))
    return [row.due_on for row in safeguards_agenda.plan_check()]


def duty_met(code: str, **numbers: Any) -> Callable[[date], Any]:
    """Whether numbers meet a threshold of the law on a day."""
    none = {"sales": 0, "average_sales": 0, "people": 0, "sensitive_people": 0, "users": 0, "is_small": False}
    return lambda on: THRESHOLDS[code].met_by(YearFigures(**{**none, **numbers}), on)


def officer_filed_by(on: date) -> Any:
    return filing_due(Officer(designated_from=on))


def duty_looked_at_again(on: date) -> Any:
    made = safeguards.decide_applicability(
        threshold="telecom", applies=False, reasons="x", actor=factory.make_odile(granted=False), at=noon(on)
    )
    return made.again_on


def next_report_due(on: date) -> Any:
    factory.make_approved_plan(effective_on=on, at=noon(on))
    return [row.due_on for row in safeguards_agenda.reports("regular")()]


def provisions_reported_by(on: date) -> Any:
    return report_due(on)


def recipient_answers(on: date) -> tuple[date, date, int]:
    """By when a recipient proves a correction, when it is reminded, and how many answers may be wrong."""
    notice = factory.make_notice(at=noon(on))
    row = CorrectionProof.objects.get(notice=notice)
    return row.due_on, clock.kst_date(disclosures.reminder_at(row)), row.tries_left


def told_of_use_by(on: date) -> Any:
    odile = factory.make_odile(granted=False)
    YearFigures.objects.create(
        year=on.year - 1, sales=0, average_sales=0, people=1_000_000, sensitive_people=0, users=0, is_small=False,
        source="x", recorded_by=odile.ref, recorded_at=noon(on),
    )  # fmt: skip
    safeguards.decide_applicability(
        threshold="use-notice", applies=True, reasons="x", measure=factory.make_measure(), actor=odile, at=noon(on)
    )
    return [row.due_on for row in safeguards_agenda.use_notices()]


def business_posted_until(on: date) -> Any:
    made = processors.record_business_transfer(
        direction="given", kind="part", party_ko="x", party_en="x", address_ko="x", address_en="x", phone="1",
        objection_ko="x", objection_en="x", bound_by="x", transfer_on=on + timedelta(days=1),
        actor=factory.make_odile(granted=False), at=noon(on),
    )  # fmt: skip
    told = processors.announce_business_transfer(made, actor=factory.make_omar(), at=noon(on))
    return told.notice.posted_until


def signed_copy_due(on: date) -> Any:
    made = safeguards.record_report(
        kind="regular", audience="board", subject="x", content="x", reported_on=on,
        actor=factory.make_odile(granted=False), at=noon(on),
    )  # fmt: skip
    return made.read_by


def processor_check_due(on: date) -> Any:
    factory.make_consignment(starts_on=on, signed_on=on, at=noon(on))
    return [row.due_on for row in supervised("check")()]


# --- the audit trail -------------------------------------------------------------------------------------


class Estimate:
    """A connection to a server that estimates so many people."""

    def __init__(self, people: int) -> None:
        self.people = people

    def execute(self, _query: object) -> "Estimate":
        return self

    def fetchone(self) -> tuple[int]:
        return (self.people,)


def records_stay(people: int) -> Callable[[date], Any]:
    return lambda on: pruning.minimum_months(Estimate(people), on)  # type: ignore[arg-type]


def reviewed_period(on: date) -> Any:
    return [(one.period_from, one.period_until) for one in ledger.open_reviews(on=on, actor=TESTS, at=noon(on))]


def review_due(on: date) -> Any:
    return ledger.open_review(period_from=on, period_until=on, actor=TESTS, at=noon(on)).due_on
