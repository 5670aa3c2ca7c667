"""Whether a version may be published: everything the law wants said is said, in both languages, and by the rulebook."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

from privacy.policies import difference, document, registers, rulebook
from privacy.policies.headings import HEADINGS, Heading
from privacy.policies.models import Officer, PolicyVersion, Purpose, Section

# A period typed into the text could come to contradict the rule: it has to be a placeholder (V-08).
TYPED_PERIOD = re.compile(
    r"\d+\s*(?:년간|년|개월|주일|일간|일|시간)(?![가-힣]?법)|\b\d+\s*(?:year|month|week|day|hour)s?\b", re.IGNORECASE
)
BRACES = re.compile(r"\{[^}\n]*\}|\[\[[^\]\n]*\]\]")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is missing or contradictory. A ``warning`` is shown; anything else stops the publication."""

    message: str
    section: str = ""
    is_warning: bool = False


def problems(version: PolicyVersion, on: date) -> list[Problem]:
    """Return what stands between a version and its publication on the day ``on``; an empty list means nothing."""
    sections = list(version.sections.order_by("position"))
    found = [*_headings(sections, on), *_texts(version, sections, on), *_rules(version), *_frame(version, on)]
    if not any(not problem.is_warning for problem in found):
        found += _against_base(version, on)
    return found


def _headings(sections: list[Section], on: date) -> Iterator[Problem]:
    applicable = {section.code: section for section in sections if section.applicable}
    for heading in HEADINGS.values():
        section = applicable.get(heading.code)
        if section is None:
            if heading.required:
                words = {"heading": heading.title, "basis": heading.basis}
                yield Problem(_("The heading “%(heading)s” is missing (%(basis)s).") % words, heading.code)
            continue
        for language, body in (("ko", section.body_ko), ("en", section.body_en)):
            for table in sorted(heading.tables - set(document.tables_in(body))):
                words = {"heading": heading.title, "language": language, "table": f"[[{table}]]"}
                yield Problem(_("“%(heading)s” (%(language)s) must contain the table %(table)s.") % words, heading.code)
    if "provision" not in applicable and registers.parties("recipients", on):
        yield _needed(HEADINGS["provision"])
    if "consignment" not in applicable and registers.parties("processors", on):
        yield _needed(HEADINGS["consignment"])


def _needed(heading: Heading) -> Problem:
    words = {"heading": heading.title, "basis": heading.basis}
    return Problem(
        _("The register names parties, so the heading “%(heading)s” is needed (%(basis)s).") % words, heading.code
    )


def _texts(version: PolicyVersion, sections: list[Section], on: date) -> Iterator[Problem]:
    for section in sections:
        if not section.applicable:
            continue
        bodies = {"ko": section.body_ko, "en": section.body_en}
        headings = {"ko": section.heading_ko, "en": section.heading_en}
        for language, body in bodies.items():
            words = {"heading": section.heading_ko, "language": language}
            if not body.strip() or not headings[language].strip():
                yield Problem(_("“%(heading)s” has no text in %(language)s.") % words, section.code)
            for typed in TYPED_PERIOD.findall(BRACES.sub("", body)):
                yield Problem(
                    _(
                        "“%(heading)s” (%(language)s) has the period “%(typed)s” typed into its text. Use a "
                        "placeholder such as {retention:app-log}, so that text and rule can't differ."
                    )
                    % {**words, "typed": typed},
                    section.code,
                )
            for written in _unknown_placeholders(body):
                yield Problem(
                    _("“%(heading)s” (%(language)s) has an unknown placeholder %(written)s.")
                    % {**words, "written": written},
                    section.code,
                )
        if Counter(BRACES.findall(bodies["ko"])) != Counter(BRACES.findall(bodies["en"])):
            yield Problem(
                _("“%(heading)s” does not use the same periods and tables in Korean and English.")
                % {"heading": section.heading_ko},
                section.code,
            )
    try:
        document.compose(version, on)
    except document.UnknownValue as unknown:
        yield Problem(_("The text asks for %(value)s, which the rulebook does not have.") % {"value": unknown})


def _unknown_placeholders(body: str) -> Iterator[str]:
    for written in BRACES.findall(body):
        name = written[2:-2] if written.startswith("[[") else ""
        if name:
            alone = document.TABLE_LINE.search(body)
            if name not in document.TABLES | document.LIVE or alone is None:
                yield written
        elif not document.VALUE.fullmatch(written):
            yield written


def _rules(version: PolicyVersion) -> Iterator[Problem]:
    book = rulebook.read(version)
    declared = set(Purpose.objects.filter(is_internal=False).values_list("code", flat=True))
    if not book.categories:
        yield Problem(_("The version declares no category of personal information."))
    for category in book.categories.values():
        words = {"category": category.name_ko}
        if not category.items:
            yield Problem(_("The category “%(category)s” has no items.") % words)
        if not category.purposes & declared:
            yield Problem(_("The category “%(category)s” has no purpose.") % words)
        if category.retention is None:
            yield Problem(_("The category “%(category)s” has no retention rule.") % words)
    # P0.1: each item belongs to exactly one category.
    items = Counter(item for category in book.categories.values() for item in category.items)
    for item in sorted(item for item, count in items.items() if count > 1):
        yield Problem(_("The item “%(item)s” is declared in more than one category.") % {"item": item})


def _frame(version: PolicyVersion, on: date) -> Iterator[Problem]:
    officer = Officer.objects.on(version.effective_on or on)
    if officer is None:
        yield Problem(_("No protection officer is designated on the effective date (P2.1)."), "officer")
    elif not officer.email:
        yield Problem(_("The protection officer has no e-mail address yet."), "officer", is_warning=True)
    if not version.reason_ko.strip() or not version.reason_en.strip():
        yield Problem(_("The reason for the change is missing in Korean or English (V-05)."))
    newest = PolicyVersion.objects.public().order_by("-effective_on").first()
    if newest is not None and newest.pk != version.based_on_id:
        # Published as it is, this version would silently take the newest one's changes back.
        words = {"newest": newest.number}
        yield Problem(_("Version %(newest)s was published since this draft was started: draft again from it.") % words)
    earliest = earliest_effective_on(version, on)
    if version.effective_on is None:
        yield Problem(_("The effective date is missing."))
    elif version.effective_on < earliest:
        words = {"earliest": earliest.isoformat()}
        yield Problem(_("The revision must be announced ahead: the earliest effective date is %(earliest)s.") % words)
    elif PolicyVersion.objects.public().filter(effective_on=version.effective_on).exists():
        yield Problem(_("Another version takes effect on the same day."))


def earliest_effective_on(version: PolicyVersion, on: date) -> date:
    """Return the first day a version announced on ``on`` may take effect (P0.3, V-07)."""
    code = "policy.notice.adverse.days" if version.adverse else "policy.notice.days"
    return on + timedelta(rulebook.parameter(code, on))


def _against_base(version: PolicyVersion, on: date) -> Iterator[Problem]:
    base = version.based_on
    if base is None or base.document is None:
        return
    composed = document.compose(version, on)
    if all(composed[part] == base.document[part] for part in ("sections", "tables", "values")):
        yield Problem(_("Nothing differs from version %(base)s.") % {"base": base.number})
    changes = difference.rules(base.document, composed, "ko")
    if any(change.adverse for change in changes) and not version.adverse:
        yield Problem(
            _("The revision collects, keeps or provides more than before: mark it as to the users' disadvantage."),
            is_warning=True,
        )
