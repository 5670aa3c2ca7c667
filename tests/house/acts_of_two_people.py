"""Every act of two people, as it is asked for and completed, and how raw SQL would complete it.

``tests/house/test_nobody_alone.py`` tries each with every way in which one human holds two accounts. An event that says
that something was approved, lifted, published or given away stands here, or in ``OF_ONE_PERSON`` with the reason.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from consents import actions as consents
from consents.models import Agreement
from devices import actions as devices
from privacy.accounts import actions as accounts
from privacy.accounts.models import User
from privacy.disclosures import actions as disclosures
from privacy.ledger.actors import Actor
from privacy.lib.dates import clock
from privacy.policies import actions as policies
from privacy.policies.models import Parameter
from privacy.retention import actions as retention
from privacy.safeguards import actions as safeguards
from privacy.workforce import actions as workforce
from privacy.workforce.models import ColleagueLetter
from tests import factory
from tests.factories.safeguards import SECTIONS
from tests.privacy.accounts.test_second_factors_go import give_key
from tests.sample_uploads import PDF


@dataclass(frozen=True)
class Act:
    """``ask`` makes what the asker wants, ``approve`` completes it; ``raw`` is its UPDATE, of approver and moment."""

    completed_by: tuple[str, ...]
    ask: Callable[[User, datetime], Any]
    approve: Callable[[Any, Any, datetime], object]
    raw: str


def ask_account(asker: User, at: datetime) -> Any:
    return accounts.ask_account(
        email="third@extrus.example", name="Third", role="officer", is_outside=False, reason="x", actor=asker, at=at
    )


def ask_factor_removal(asker: User, at: datetime) -> Any:
    emin = factory.make_emin()
    factory.give_app(emin)
    return accounts.ask_factor_removal(emin, factor=give_key(emin).pk, reason="x", actor=asker, at=at)


def ask_access(asker: User, at: datetime) -> Any:
    return accounts.request_access(
        user=factory.make_emin(), role="auditor", reason="x", asked_by=asker, valid_from=clock.kst_date(at),
        valid_until=clock.kst_date(at) + timedelta(days=9), at=at,
    )  # fmt: skip


def ask_archive(asker: User, at: datetime) -> Any:
    return retention.ask_access(
        rule="test", subject_id=factory.make_device().subject_id, law="법", document="1", reason="x", actor=asker, at=at
    )


def ask_lifting(asker: User, at: datetime) -> Any:
    return retention.ask_lifting(factory.make_hold(at=at), reason="settled", actor=asker, at=at)


def approve_long_list(asker: User, at: datetime) -> Any:
    for code in ("destruction.ceiling.floor", "destruction.ceiling.percent"):
        Parameter.objects.create(code=code, value=0, unit="count", effective_on=date(2026, 1, 1), basis="test")
    factory.make_expired_device(ended_on=date(2023, 1, 1))
    return retention.approve(factory.sweep_on(clock.kst_date(at)).lists.first(), actor=asker, at=at)


def ask_disclosure(asker: User, at: datetime) -> Any:
    # Whose account was opened the day before grants nothing, and the asker's may have been.
    factory.grant_scans(factory.make_omar(), by=factory.make_user("ines@extrus.example", "Ines", "officer"))
    return factory.attach_scan(factory.make_disclosure(factory.make_device(), actor=asker))


def submit_policy(asker: User, at: datetime) -> Any:
    version = factory.make_version_under_review()
    policies.return_to_draft(version, note="again", actor=factory.make_user("r@extrus.example", "R", "officer"), at=at)
    return policies.submit(version, actor=asker, at=factory.NOON)


def draft_agreement(asker: User, at: datetime) -> Any:
    return consents.draft_text(Agreement.objects.get(code="app-log"), words={}, actor=asker, at=at)


def draft_plan(asker: User, at: datetime) -> Any:
    plan = safeguards.edit_plan(factory.make_plan(), sections=SECTIONS | {"other": "x"}, actor=asker, at=at)
    return safeguards.submit_plan(plan, actor=asker, at=at)


def draft_pledge(asker: User, at: datetime) -> Any:
    return workforce.draft_text(
        occasion="yearly", title_ko="제목", title_en="T", words_ko="문안", words_en="W", actor=asker, at=at
    )


def draft_training(asker: User, at: datetime) -> Any:
    return workforce.draft_plan(
        year=2031, aim="a", audience="a", content="a", method="a", schedule="a", actor=asker, at=at
    )


def ask_parameter(asker: User, at: datetime) -> Any:
    day = clock.kst_date(at)
    Parameter.objects.create(code="duties.apart.days", value=90, unit="days", effective_on=day, basis="test")
    return policies.ask_change(
        code="duties.apart.days", value=30, effective_on=day + timedelta(days=1), basis="test", actor=asker, at=at
    )


def with_reason(verb: Callable[..., object]) -> Callable[[Any, Actor, datetime], object]:
    return lambda record, actor, at: verb(record, reason="x", actor=actor, at=at)


def plainly(verb: Callable[..., object], **given: Any) -> Callable[[Any, Actor, datetime], object]:
    return lambda record, actor, at: verb(record, **given, actor=actor, at=at)


def from_today(verb: Callable[..., object]) -> Callable[[Any, Actor, datetime], object]:
    return lambda record, actor, at: verb(record, effective_on=clock.kst_date(at), actor=actor, at=at)


def read_and_confirm(letter: Any, actor: Actor, at: datetime) -> object:
    ColleagueLetter.objects.filter(pk=letter.pk).update(read_by=actor.ref, read_at=at)
    return workforce.confirm_letter(letter, actor=actor, at=at)


DECIDED = (
    "UPDATE accounts_accountact SET state = 'approved', decided_by = %s, decided_at = %s, user_id = coalesce(user_id,"
)
DECIDED += " (SELECT id FROM accounts_user LIMIT 1)) WHERE id = %s"
APPROVED = "UPDATE {} SET approved_by = %s, approved_at = %s{} WHERE id = %s"
ACTS = {
    "open an account": Act(("accounts.act.approved",), ask_account, with_reason(accounts.approve_act), DECIDED),
    "reset a sign-in": Act(
        ("accounts.act.approved", "accounts.factor.reset"),
        lambda asker, at: accounts.ask_reset(factory.make_emin(), reason="x", actor=asker, at=at),
        with_reason(accounts.approve_act),
        DECIDED,
    ),
    "remove a second factor": Act(
        ("accounts.act.approved",), ask_factor_removal, with_reason(accounts.approve_act), DECIDED
    ),
    "grant a role": Act(
        ("accounts.request.approved", "accounts.access.granted"),
        ask_access,
        with_reason(accounts.approve_access),
        "UPDATE accounts_accessrequest SET state = 'approved', decided_by = %s, decided_at = %s,"
        " grant_id = (SELECT id FROM accounts_accessgrant LIMIT 1) WHERE id = %s",
    ),
    "open the archive": Act(
        ("retention.archive.approved",),
        ask_archive,
        plainly(retention.approve_access),
        APPROVED.format("retention_archiveaccess", ", until = now() + interval '1 day'"),
    ),
    "lift a hold": Act(
        ("retention.hold.lifted",),
        ask_lifting,
        plainly(retention.lift_hold),
        "UPDATE retention_hold SET lifted_by = %s, lifted_at = %s WHERE id = %s",
    ),
    "destroy over the ceiling": Act(
        ("retention.list.seconded",),
        approve_long_list,
        plainly(retention.approve),
        "UPDATE retention_destructionlist SET seconded_by = %s, seconded_at = %s, state = 'approved',"
        " not_before = now() WHERE id = %s",
    ),
    "disclose": Act(
        ("disclosures.disclosure.approved", "disclosures.disclosure.provided"),
        ask_disclosure,
        plainly(disclosures.approve),
        APPROVED.format("disclosures_disclosure", ", state = 'approved'"),
    ),
    "publish a policy": Act(
        ("policies.version.approved", "policies.version.published"),
        submit_policy,
        plainly(policies.approve),
        "INSERT INTO policies_review (id, verdict, note, digest, reviewed_by, reviewed_at, version_id)"
        " VALUES (gen_random_uuid(), 'approved', '', 'x', %s, %s, %s)",
    ),
    "issue a token": Act(
        ("devices.token.approved",),
        lambda asker, at: devices.issue_token(factory.make_gateway(), scopes=["consents"], actor=asker, at=at).row,
        plainly(devices.approve_token),
        APPROVED.format("devices_gatewaytoken", ""),
    ),
    "lessen a protection": Act(
        ("policies.parameter-change.approved",),
        ask_parameter,
        plainly(policies.approve_change),
        APPROVED.format("policies_parameterchange", ""),
    ),
    "publish an agreement": Act(
        ("consents.text.published",),
        draft_agreement,
        plainly(consents.publish_text),
        "UPDATE consents_agreementversion SET published_by = %s, published_at = %s WHERE id = %s",
    ),
    "approve the management plan": Act(
        ("safeguards.plan.approved",),
        draft_plan,
        from_today(safeguards.approve_plan),
        APPROVED.format("safeguards_managementplan", ""),
    ),
    "approve a pledge": Act(
        ("workforce.text.approved",),
        draft_pledge,
        from_today(workforce.approve_text),
        APPROVED.format("workforce_pledgetext", ", state = 'approved'"),
    ),
    "approve a training plan": Act(
        ("workforce.plan.approved",),
        draft_training,
        plainly(workforce.approve_plan),
        APPROVED.format("workforce_trainingplan", ", state = 'approved'"),
    ),
}
ACTS["confirm a letter of the representative"] = Act(
    ("workforce.letter.confirmed",),
    lambda asker, at: workforce.record_letter(
        factory.make_emin(), dated_on=clock.kst_date(at), name="letter.pdf", content=PDF, actor=asker, at=at
    ),
    read_and_confirm,
    "UPDATE workforce_colleagueletter SET read_by = v.who, read_at = v.at, confirmed_by = v.who, confirmed_at = v.at"
    " FROM (VALUES (%s, %s::timestamptz)) v(who, at) WHERE id = %s",
)
# What an event of this kind says that one person may complete, and why.
OF_ONE_PERSON = {
    "accounts.grant.confirmed": "an access review takes nothing further; another than the holder confirms",
    "accounts.grant.not-confirmed": "takes access away",
    "accounts.colleague.confirmed": "the representative's, by a link that no account sees",
    "accounts.colleague.not-confirmed": "changes nothing",
    "accounts.session.confirmed": "one's own sign-in",
    "incidents.breach.confirmed": "finds a breach: it tells people and gives nothing away",
    "ledger.adoption.confirmed": "says that an officer knows of it: it stands already, and each comparison shows it",
    "ledger.review.confirmed": "a trigger asks the rule: tests/privacy/ledger/test_review_signatures.py",
    "policies.parameter.set": "what lessens a protection takes two: tests/house/test_nobody_alone.py",
    "retention.list.approved": "the sweep proposed it; over the ceiling it takes two officers, of a case the chain",
    "retention.register.confirmed": "confirms what has been destroyed",
    "retention.clock.confirmed": "says that the clock is right; each list has its own approval",
    "safeguards.applicability.decided": "says which duties bind, with its numbers beside it; gives nothing away",
    "rights.request.granted": "the chain of a case: tests/privacy/rights/test_nobody_alone.py",
    "rights.request.partly-granted": "the chain of a case: tests/privacy/rights/test_nobody_alone.py",
    "rights.objection.decided": "another than the decider, by the rule: tests/privacy/rights/test_objections.py",
    "rights.fee.set": "takes nothing from anybody's data",
    "safeguards.finding.confirmed": "another than who corrected it",
    "safeguards.permit.granted": "entry to a room, approved by another",
    "vault.freeze.confirmed": "keeps data from being used",
    "vault.freeze.lifted": "ends with the case or the hold that placed it",
    "devices.key.set": "the device's own key by its gateway, which the key before must sign",
    "devices.import.confirmed": "adds devices and shows nothing",
    "devices.challenge.confirmed": "the person's own act on the device",
}
