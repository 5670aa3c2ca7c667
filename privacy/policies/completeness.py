"""Whether a version may be published: everything the law wants said is said, in both languages, and by the rulebook."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from privacy.policies import data_recipients, policy_document, rulebook, wording
from privacy.policies.advance_notice import changes_ahead, earliest_effective_on, effective_day
from privacy.policies.headings import HEADINGS, Heading
from privacy.policies.items import declared_items
from privacy.policies.models import NoConsignment, Officer, PolicyVersion, Purpose, Section

# A period typed into the text could come to contradict the rule: it has to be a placeholder (V-08).
TYPED_PERIOD = re.compile(
    r"\d+\s*(?:년간|년|개월|주일|일간|일|시간)(?![가-힣]?법)|\b\d+\s*(?:year|month|week|day|hour)s?\b", re.IGNORECASE
)
# Which register's parties make a heading necessary.
PARTIES_OF_HEADING: dict[str, data_recipients.RecipientKind] = {
    "provision": "recipients",
    "consignment": "processors",
    "overseas": "transfers",
}
# The longest term of the policy as it was published (P6.2): beyond it, a term is asked about.
LONG_MONTHS = 60
BRACES = re.compile(r"\{[^}\n]*\}|\[\[[^\]\n]*\]\]")
# What is left of a placeholder with a bracket missing.
TORN = re.compile(r"\{\S*|\S*\}|\[\[\S*|\S*\]\]")
# A day or a year by the calendar is no period.
DATE = re.compile(r"\b\d{4}\s*년(?!간)(?:\s*\d{1,2}\s*월(?:\s*\d{1,2}\s*일(?!간))?)?")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is missing or contradictory. A ``warning`` is shown; anything else stops the publication."""

    message: str
    section: str = ""
    is_warning: bool = False


def problems(version: PolicyVersion, on: date) -> list[Problem]:
    """Return what stands between a version and its publication on the day ``on``; an empty list means nothing."""
    sections = list(version.sections.order_by("position"))
    stated_on = policy_document.day_of_text(version, on)
    found = [
        *_headings(sections, stated_on),
        *_texts(version, sections, on),
        *_rules(version, sections),
        *_frame(version, on),
    ]
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
            for table in sorted(_tables_of(heading, on) - set(policy_document.tables_in(body))):
                words = {"heading": heading.title, "language": language, "table": f"[[{table}]]"}
                yield Problem(_("“%(heading)s” (%(language)s) must contain the table %(table)s.") % words, heading.code)
    if (
        "consignment" in applicable
        and not data_recipients.recipients_of_kind("processors", on)
        and not NoConsignment.objects.on(on)
    ):
        yield Problem(
            _(
                "It is not recorded whether processing is consigned. Either the officer decides that nothing is "
                "consigned, or the register lists the processors."
            ),
            "consignment",
        )
    if "overseas" in applicable and not data_recipients.recipients_of_kind("transfers", on):
        yield Problem(
            _("The register names no transfer abroad. Register the transfer with its basis, or leave the heading out."),
            "overseas",
        )
    for code, kind in PARTIES_OF_HEADING.items():
        if code not in applicable and data_recipients.recipients_of_kind(kind, on):
            yield _needed(HEADINGS[code])


def _tables_of(heading: Heading, on: date) -> frozenset[str]:
    return heading.tables | {kind for kind in heading.tables_if_told if data_recipients.recipients_of_kind(kind, on)}


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
            for typed in TYPED_PERIOD.findall(DATE.sub("", BRACES.sub("", body))):
                yield Problem(
                    _(
                        "“%(heading)s” (%(language)s) has the period “%(typed)s” typed into its text. Use a "
                        "placeholder such as {retention:app-log} so that the text and the rule can't differ."
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
        policy_document.compose(version, on)
    except policy_document.UnknownPlaceholder as unknown:
        yield Problem(_("The text uses %(value)s, which the rulebook does not have.") % {"value": unknown})


def _unknown_placeholders(body: str) -> Iterator[str]:
    """Yield what would stand in the published text as it was typed: no value, no table on a line of its own."""
    for line in policy_document.lines(body).split("\n"):
        for written in BRACES.findall(line):
            if written.startswith("[["):
                if (
                    written[2:-2] not in policy_document.TABLES | policy_document.LIVE_TABLES
                    or not policy_document.TABLE_LINE.fullmatch(line)
                ):
                    yield written
            elif written != policy_document.EFFECTIVE_DATE and not policy_document.PLACEHOLDER.fullmatch(written):
                yield written
        yield from TORN.findall(BRACES.sub(" ", line))


def _rules(version: PolicyVersion, sections: list[Section]) -> Iterator[Problem]:
    book = rulebook.read(version)
    purposes = {purpose.code: purpose for purpose in Purpose.objects.filter(is_internal=False)}
    declared = purposes.keys()
    yield from _bases(book, sections, {code: purpose.name_ko for code, purpose in purposes.items()})
    if not book.categories:
        yield Problem(_("The version declares no category of personal information."))
    for category in book.categories.values():
        words = {"category": category.name_ko}
        if not category.items:
            yield Problem(_("The category “%(category)s” has no items.") % words)
        if not category.purposes & declared:
            yield Problem(_("The category “%(category)s” has no purpose.") % words)
        for declared_item in category.items.values():
            if (category.code, declared_item.code) not in declared_items():
                message = _("The portal can't accept “%(item)s” yet. Until it can, anything sent with it is refused.")
                yield Problem(message % {"item": declared_item.name_ko}, is_warning=True)
        if category.retention is None:
            yield Problem(_("The category “%(category)s” has no retention rule.") % words)
        else:
            yield from _unusual(category.retention, words)
    # P0.1: each item belongs to exactly one category.
    items = Counter(item for category in book.categories.values() for item in category.items)
    for item in sorted(item for item, count in items.items() if count > 1):
        yield Problem(_("The item “%(item)s” is declared in more than one category.") % {"item": item})


def _bases(book: rulebook.Rulebook, sections: list[Section], purposes: dict[str, str]) -> Iterator[Problem]:
    """Yield what is missing once a version states any legal basis (C-06): all of them, and the table that tells them.

    Purposes are those that the policy names: for the duties of the office itself the law is the basis.
    """
    told = any("bases" in policy_document.tables_in(section.body_ko) for section in sections if section.applicable)
    stated = any(category.bases for category in book.categories.values())
    if stated and not told:
        yield Problem(_("The version states legal bases, so its text must contain the table [[bases]] (PIPA 22(3))."))
    if told and not stated:
        yield Problem(_("The text contains the table [[bases]], but no category has a legal basis. State them."))
    if not stated:
        return
    for category in book.categories.values():
        for code in sorted(category.purposes & purposes.keys() | category.bases.keys()):
            words = {"category": category.name_ko, "purpose": purposes.get(code, code)}
            basis = category.bases.get(code)
            if basis is None:
                message = _("The category “%(category)s” has no legal basis for the purpose “%(purpose)s”.")
            elif code not in category.purposes & purposes.keys():
                message = _(
                    "The category “%(category)s” has a legal basis for the purpose “%(purpose)s”, for which it isn't "
                    "used. Remove the basis or add the purpose."
                )
            elif category.optional and not basis.is_consent:
                message = _(
                    "The category “%(category)s” is optional, so it rests on consent alone. For the purpose "
                    "“%(purpose)s”, state consent or make the category required."
                )
            else:
                continue
            yield Problem(message % words)


def _unusual(term: rulebook.RetentionPeriod, words: dict[str, str]) -> Iterator[Problem]:
    """Warn of a term within the bounds that is seldom meant: nothing, or longer than any of the published policy."""
    months = term.years * 12 + term.months
    if not months:
        yield Problem(
            _("Data of the category “%(category)s” would be destroyed at once, without a single day's delay.") % words,
            is_warning=True,
        )
    elif months > LONG_MONTHS:
        yield Problem(
            _("The category “%(category)s” would be kept for %(period)s. State in the text why that is needed.")
            % {**words, "period": wording.period(term.years, term.months)},
            is_warning=True,
        )


def _frame(version: PolicyVersion, on: date) -> Iterator[Problem]:
    officer = Officer.objects.on(version.effective_on or on)
    if officer is None:
        yield Problem(_("No protection officer is designated on the effective date."), "officer")
    elif not officer.email:
        yield Problem(_("The protection officer has no e-mail address yet."), "officer", is_warning=True)
    if not version.reason_ko.strip() or not version.reason_en.strip():
        yield Problem(_("The reason for the change is missing in Korean or English."))
    newest = PolicyVersion.objects.newest()
    if newest is not None and newest.pk != version.based_on_id:
        # Published as it is, this version would silently take the newest one's changes back.
        words = {"newest": newest.number}
        yield Problem(
            _("This draft was not made from the newest version, %(newest)s. Make a new draft from that version.")
            % words
        )
    earliest = earliest_effective_on(version, on)
    if version.effective_on is None:
        yield Problem(_("The effective date is missing."))
    elif newest is not None and version.effective_on <= effective_day(newest):
        words = {"newest": newest.number, "earliest": earliest.isoformat()}
        yield Problem(
            _(
                "Version %(newest)s takes effect on the same day or later and would replace this one: the earliest "
                "effective date is %(earliest)s."
            )
            % words
        )
    elif version.effective_on < earliest:
        words = {"earliest": earliest.isoformat()}
        yield Problem(
            _("The revision must be announced in advance: the earliest effective date is %(earliest)s.") % words
        )


def _against_base(version: PolicyVersion, on: date) -> Iterator[Problem]:
    base = version.based_on
    if base is None or base.document is None:
        return
    composed = policy_document.compose(version, on)
    if all(composed[part] == base.document[part] for part in ("sections", "tables", "values")):
        yield Problem(_("Nothing differs from version %(base)s.") % {"base": base.number})
    changes = changes_ahead(version, on)
    if not version.adverse and any(change.adverse for change in changes):
        yield Problem(
            _(
                "The revision collects, keeps or provides more than a version in force or announced, so it counts as "
                "being to the users' disadvantage and must be announced earlier."
            ),
            is_warning=True,
        )
    elif not version.adverse and any(change.renames for change in changes):
        yield Problem(
            _(
                "Something was renamed. If the new name covers more, mark the change as being to the "
                "users' disadvantage."
            ),
            is_warning=True,
        )
