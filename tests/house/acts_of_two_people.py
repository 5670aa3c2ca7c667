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
from privacy.office_api import actions as office_api
from privacy.policies import actions as policies
from privacy.policies.models import Item, Parameter
from privacy.processors import actions as processors
from privacy.processors.models import BusinessTransfer
from privacy.retention import actions as retention
from privacy.safeguards import actions as safeguards
from privacy.scim import actions as scim
from privacy.systems import actions as systems
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


def draft_assessment(asker: User, at: datetime) -> Any:
    draft = factory.make_draft(years=2, at=at)
    item = Item(category=draft.categories.get(code="app-log"), code="tone", name_ko="음", name_en="Tone", position=99)
    policies.revise_draft(draft, rows=[item], actor=asker, at=at)
    key = factory.assessed_key(draft, "item:app-log:tone")
    row = safeguards.draft_assessment(draft, covers=[key], title="x", actor=asker, at=at)
    safeguards.answer_assessment(row, answers=dict.fromkeys(row.criteria, "x"), actor=asker, at=at)
    safeguards.record_risk(
        row, cause="x", likelihood=1, harm=1, measure=factory.make_measure("tone"), remaining=1, actor=asker, at=at
    )
    return safeguards.submit_assessment(row, actor=asker, at=at)


def record_business(asker: User, at: datetime) -> BusinessTransfer:
    return processors.record_business_transfer(
        direction="given", kind="part", party_ko="양수인", party_en="R", address_ko="서울", address_en="Seoul",
        phone="1", objection_ko="서면", objection_en="Write", bound_by="7",
        transfer_on=clock.kst_date(at) + timedelta(days=60), actor=asker, at=at,
    )  # fmt: skip


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


def ask_report(asker: User, at: datetime) -> Any:
    planned = safeguards.plan_inspection(
        kind="implementation", scope="x", method="x", inspector=asker.ref, planned_on=clock.kst_date(at), actor=asker,
        at=at,
    )  # fmt: skip
    return safeguards.hold_inspection(planned, held_on=clock.kst_date(at), outcome="x", actor=asker, at=at)


def plainly(verb: Callable[..., object], **given: Any) -> Callable[[Any, Actor, datetime], object]:
    return lambda record, actor, at: verb(record, **given, actor=actor, at=at)


def from_today(verb: Callable[..., object]) -> Callable[[Any, Actor, datetime], object]:
    return lambda record, actor, at: verb(record, effective_on=clock.kst_date(at), actor=actor, at=at)


def read_and_confirm(letter: Any, actor: Actor, at: datetime) -> object:
    ColleagueLetter.objects.filter(pk=letter.pk).update(read_by=actor.ref, read_at=at)
    return workforce.confirm_letter(letter, actor=actor, at=at)


def submit_template(asker: User, at: datetime) -> Any:
    return policies.submit_template(factory.make_template("rights.accepted", actor=asker, at=at), actor=asker, at=at)


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
    "approve a message template": Act(
        ("policies.template.approved",),
        submit_template,
        lambda row, actor, at: policies.approve_template(row, read=row.digest, actor=actor, at=at),
        APPROVED.format("policies_messagetemplate", ", state = 'approved'"),
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
    "approve an impact assessment": Act(
        ("safeguards.assessment.approved",),
        draft_assessment,
        lambda row, actor, at: safeguards.approve_assessment(
            row, read=safeguards.assessment_digest(row), actor=actor, at=at
        ),
        APPROVED.format("safeguards_assessment", ", state = 'approved'"),
    ),
    "tell people of a transfer of the business": Act(
        ("processors.business.announced",),
        record_business,
        plainly(processors.announce_business_transfer),
        "UPDATE processors_businesstransfer SET announced_by = %s, announced_at = %s, campaign_id = gen_random_uuid(), "
        "notice_id = gen_random_uuid() WHERE id = %s",
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
ACTS["say where a system answers"] = Act(
    ("systems.connection.approved",),
    lambda asker, at: systems.ask_connection(
        factory.make_system(way="api", at=at), address="https://mdm.example/portal", public_key=f"{'A' * 43}=",
        reason="x", actor=asker, at=at,
    ),
    plainly(systems.approve_connection),
    "UPDATE systems_connection SET approved_by = %s, approved_at = %s WHERE id = %s",
)  # fmt: skip
ACTS["change what a system is asked for"] = Act(
    ("systems.change.approved",),
    lambda asker, at: systems.ask_scope(
        factory.make_system(at=at), items={"contact": ["email"]}, identifiers=["email"], reason="x", actor=asker, at=at
    ),
    plainly(systems.approve_entry_change),
    "UPDATE systems_entrychange SET approved_by = %s, approved_at = %s WHERE id = %s",
)
ACTS["confirm a destruction elsewhere"] = Act(
    ("systems.task.confirmed",),
    lambda asker, at: systems.report_done(
        factory.make_destruction_elsewhere(at=at), outcome="done", note="x", name="a.pdf", content=PDF, actor=asker,
        at=at,
    ),
    lambda row, actor, at: systems.second(row, agrees=True, actor=actor, at=at),
    "UPDATE systems_systemtask SET seconded_by = %s, seconded_at = %s WHERE id = %s",
)  # fmt: skip
ACTS["let a program be told of events"] = Act(
    ("office_api.webhook.approved",),
    lambda asker, at: office_api.ask_webhook(
        title="helpdesk",
        address="https://helpdesk.example/hooks",
        kinds=["case.opened"],
        reason="x",
        actor=asker,
        at=at,
    ),
    plainly(office_api.approve_webhook),
    "UPDATE office_api_subscription SET approved_by = %s, approved_at = %s WHERE id = %s",
)
ACTS["settle a recipient's proof otherwise"] = Act(
    ("disclosures.settlement.confirmed",),
    lambda asker, at: disclosures.settle(
        factory.make_notice(at=at).proof, settled_as="gone", note="x", name="a.pdf", content=PDF, actor=asker, at=at
    ),
    lambda row, actor, at: disclosures.second_settlement(row, agrees=True, actor=actor, at=at),
    "UPDATE disclosures_correctionproof SET seconded_by = %s, seconded_at = %s WHERE id = %s",
)
ACTS["let the directory open and close accounts"] = Act(
    ("scim.credential.approved",),
    lambda asker, at: scim.ask_credential(title="Entra ID", actor=asker, at=at).row,
    plainly(scim.approve_credential),
    "UPDATE scim_provisioningcredential SET approved_by = %s, approved_at = %s WHERE id = %s",
)
ACTS["acknowledge the report of an inspection"] = Act(
    ("safeguards.inspection.reported",),
    ask_report,
    plainly(safeguards.report_inspection),
    "UPDATE safeguards_inspection SET state = 'reported', reported_to = %s, reported_at = %s WHERE id = %s",
)
ACTS["confirm the correction of a finding"] = Act(
    ("safeguards.finding.confirmed",),
    lambda asker, at: safeguards.correct_finding(
        factory.make_finding(at=at, due_on=clock.kst_date(at)), done="x", actor=asker, at=at
    ),
    plainly(safeguards.confirm_finding),
    "UPDATE safeguards_inspectionfinding SET state = 'confirmed', confirmed_by = %s, confirmed_at = %s WHERE id = %s",
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
    "safeguards.exposure.confirmed": "another than who erased it, by the rule: test_exposures.py",
    "safeguards.permit.granted": "entry to a room, approved by another",
    "vault.freeze.confirmed": "keeps data from being used",
    "vault.freeze.lifted": "ends with the case or the hold that placed it",
    "devices.key.set": "the device's own key by its gateway, which the key before must sign",
    "devices.import.confirmed": "adds devices and shows nothing",
    "devices.challenge.confirmed": "the person's own act on the device",
}
