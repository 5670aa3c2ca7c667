"""Policy versions in every state. The policy of 2020 is there from the start; what is made here comes after it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from privacy.accounts.models import User
from privacy.lib.dates import clock
from privacy.policies import actions as policies
from privacy.policies import assessed_changes, message_templates
from privacy.policies.models import (
    LegalBasis,
    MessageTemplate,
    NoConsignment,
    PolicyVersion,
    PreservationRule,
    RetentionRule,
)
from privacy.safeguards import actions as safeguards
from tests.factories.accounts import NOON, make_hana, make_odile

__all__ = [
    "assessed_key",
    "make_draft",
    "make_named",
    "make_policy",
    "make_proposal",
    "make_stated",
    "make_template",
    "make_version_under_review",
    "settle_assessments",
    "the_policy",
]


def settle_assessments(version: PolicyVersion, *, at: datetime = NOON) -> None:
    """State for each change of a version why it needs no assessment, so that it can be approved."""
    for change in assessed_changes.unassessed(version, clock.kst_date(at)):
        safeguards.exempt_change(version, change=change.key, reason="시험", actor=make_hana(granted=False), at=at)


def assessed_key(version: PolicyVersion, subject: str) -> str:
    """The key of the change of a version that is about ``subject``, as it is assessed now."""
    keys = [one.key for one in assessed_changes.changes_to_assess(version, NOON.date())]
    (found,) = [key for key in keys if assessed_changes.subject_of(key) == subject]
    return found


def the_policy() -> PolicyVersion:
    """The version in force since 2020-12-01."""
    return PolicyVersion.objects.get(number="2020-12-01")


def make_draft(
    *,
    years: int = 3,
    adverse: bool = True,
    based_on: PolicyVersion | None = None,
    effective_on: date | None = None,
    kinds: Mapping[str, Sequence[str]] | None = None,
    new_items: bool = False,
    at: datetime = NOON,
) -> PolicyVersion:
    """A complete draft by Hana: registration data for other ``years``, other ``kinds`` under preservation rules."""
    hana = make_hana(granted=False)
    version = policies.create_draft(based_on=based_on, new_items=new_items, actor=hana, at=at)
    rule = RetentionRule.objects.get(category__version=version, category__code="device-registration")
    rule.years = years
    preserving = list(PreservationRule.objects.filter(version=version, code__in=kinds or {}))
    for preservation in preserving:
        preservation.record_kinds = list((kinds or {})[preservation.code])
    policies.revise_draft(version, rows=[rule, *preserving], actor=hana, at=at)
    return policies.describe_draft(
        version,
        effective_on=effective_on or clock.kst_date(at) + timedelta(30 if adverse else 7),
        reason_ko="라이선스 정보의 보유 기간 변경",
        reason_en="Change of how long licence data is kept",
        adverse=adverse,
        actor=hana,
        at=at,
    )


def make_named(*, at: datetime = NOON) -> PolicyVersion:
    """A version in force at ``at``, announced in time: it names who receives data by the agreements that stand."""
    hana, odile = make_hana(granted=False), make_odile(granted=False)
    announced = at - timedelta(45)
    draft = policies.create_draft(actor=hana, at=announced)
    policies.describe_draft(
        draft,
        effective_on=clock.kst_date(announced) + timedelta(30),
        reason_ko="제공받는 자 추가",
        reason_en="A recipient is added",
        adverse=True,
        actor=hana,
        at=announced,
    )
    policies.submit(draft, actor=hana, at=announced)
    settle_assessments(draft, at=announced)
    policies.approve(draft, actor=odile, at=announced)
    return policies.publish(draft, actor=odile, at=announced)


def make_proposal(*, at: datetime = NOON) -> PolicyVersion:
    """The revision that the portal proposes, published: its text names numbers of the law."""
    hana, odile = make_hana(granted=False), make_odile(granted=False)
    if NoConsignment.objects.on(clock.kst_date(at)) is None:
        policies.decide_no_consignment(decided_on=clock.kst_date(at), grounds="계약 대장 확인", actor=odile, at=at)
    version = policies.draft_proposal(effective_on=clock.kst_date(at) + timedelta(30), actor=hana, at=at)
    policies.submit(version, actor=hana, at=at)
    settle_assessments(version, at=at)
    policies.approve(version, actor=odile, at=at)
    return policies.publish(version, actor=odile, at=at)


def make_stated(*without_consent: str, at: datetime = NOON) -> PolicyVersion:
    """A version in force at ``at`` that states every legal basis: a contract for these categories, else consent."""
    hana, odile = make_hana(granted=False), make_odile(granted=False)
    announced = at - timedelta(45)
    draft = make_draft(years=2, adverse=True, at=announced)
    section = draft.sections.get(code="items")
    if "[[bases]]" not in section.body_ko:
        section.body_ko, section.body_en = (f"{text}\n\n[[bases]]" for text in (section.body_ko, section.body_en))
    rows = [
        LegalBasis.objects.filter(category=category, purpose=purpose).first()
        or LegalBasis(category=category, purpose=purpose)
        for category in draft.categories.all()
        for purpose in category.purposes.filter(is_internal=False)
    ]
    for row in rows:
        free = row.category.code in without_consent
        row.basis = "contract" if free else "consent"
        row.ground_ko, row.ground_en = ("라이선스 계약의 이행", "performing the licence contract") if free else ("", "")
    policies.revise_draft(draft, rows=[section, *rows], actor=hana, at=announced)
    policies.submit(draft, actor=hana, at=announced)
    settle_assessments(draft, at=announced)
    policies.approve(draft, actor=odile, at=announced)
    return policies.publish(draft, actor=odile, at=announced)


def make_version_under_review(
    *,
    years: int = 3,
    based_on: PolicyVersion | None = None,
    effective_on: date | None = None,
    kinds: Mapping[str, Sequence[str]] | None = None,
    at: datetime = NOON,
) -> PolicyVersion:
    """A draft that Hana submitted and nobody judged yet."""
    draft = make_draft(years=years, based_on=based_on, effective_on=effective_on, kinds=kinds, at=at)
    return policies.submit(draft, actor=make_hana(granted=False), at=at)


def make_policy(
    *,
    effective_on: date | None = None,
    years: int = 3,
    kinds: Mapping[str, Sequence[str]] | None = None,
    at: datetime = NOON,
) -> PolicyVersion:
    """A published version: drafted by Hana, approved and published by Odile."""
    odile = make_odile(granted=False)
    version = make_version_under_review(years=years, kinds=kinds, at=at)
    settle_assessments(version, at=at)
    policies.approve(version, actor=odile, at=at)
    return policies.publish(version, effective_on=effective_on, actor=odile, at=at)


def make_template(
    code: str, *, actor: User, at: datetime = NOON, approved_by: User | None = None, **changed: str
) -> MessageTemplate:
    """Draft the next version of a template from what is sent now; ``changed`` replaces parts, as ``title_en``.

    With ``approved_by`` it is submitted and approved too.
    """
    texts = {
        language: {name: changed.get(f"{name}_{language}", text) for name, text in parts.items()}
        for language, parts in message_templates.in_force(code).texts.items()
    }
    made = policies.draft_template(code=code, texts=texts, reason="plainer words", actor=actor, at=at)
    if approved_by is None:
        return made
    policies.submit_template(made, actor=actor, at=at)
    return policies.approve_template(made, read=made.digest, actor=approved_by, at=at)
