"""The text of a version as one document: sections from the officer, tables and periods from the rulebook.

A document carries both languages and no word that depends on the reader: codes, names, numbers. It is what gets sealed
at publication and what the public page shows for ever after. Composing the same version again must give the same
document; where it does not, text and rules have drifted apart (see ``drift``).
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from privacy.lib.crypto import canonical_json
from privacy.policies import data_recipients, rulebook
from privacy.policies.models import NoConsignment, Parameter, PolicyVersion, Purpose, Section

Document = dict[str, Any]

FORMAT = 1
# [[items]] on a line of its own stands for a table; the first group is shown as it was at publication, the second
# as it is on the day of reading, because officer and agencies change without a new policy (P2.1, V-09).
TABLES = frozenset({"purposes", "items", "bases", "retention", "preservation", *data_recipients.RECIPIENT_KINDS})
# A table that stands in a document only where it has rows: the first documents were sealed without it.
LATER_TABLES = frozenset({"bases", "transfers", "app-permissions"})
LIVE_TABLES = frozenset({"officer", "agencies", "versions"})
TABLE_LINE = re.compile(r"^\[\[([a-z-]+)\]\]$", re.MULTILINE)
# {retention:app-log}, {preservation:internet-log}, {parameter:rights.answer.days}: a period of the rulebook.
# {effective-date}: the day on which the version takes effect, which is no part of what a reviewer judges.
EFFECTIVE_DATE = "{effective-date}"
# The value of a text that has the table of processors, where the table is empty: who said so, and when.
NO_CONSIGNMENT = "decision:no-consignment"
PLACEHOLDER = re.compile(r"\{(retention|preservation|parameter):([a-z0-9.-]+)\}")


class UnknownPlaceholder(LookupError):
    """A placeholder of the text names nothing in the rulebook."""


def compose(version: PolicyVersion, on: date) -> Document:
    """Return the document of a version from its rows, with registers and parameters as they are known on ``on``.

    A text that is announced states what holds from its effective date. Raises ``UnknownPlaceholder`` for a placeholder
    that names nothing.
    """
    on = day_of_text(version, on)
    book = rulebook.read(version)
    sections = [section for section in version.sections.order_by("position") if section.applicable]
    return {
        "format": FORMAT,
        "number": version.number,
        "effective_on": version.effective_on.isoformat() if version.effective_on else "",
        "sections": [
            {
                "code": section.code,
                "heading": {"ko": section.heading_ko, "en": section.heading_en},
                "body": {"ko": lines(section.body_ko), "en": lines(section.body_en)},
            }
            for section in sections
        ],
        "tables": _tables(book, version, on),
        "values": {
            **{f"{kind}:{code}": _value(book, kind, code, on) for kind, code in sorted(placeholders(sections))},
            **_no_consignment(sections, on),
        },
    }


def day_of_text(version: PolicyVersion, on: date) -> date:
    """Return the day whose numbers and parties a text states: today, or the day on which it will take effect."""
    return max(on, version.effective_on or on)


def published_document(version: PolicyVersion) -> Document:
    """Return the text of a public version, as it was sealed."""
    text: Document | None = version.document
    assert text is not None  # the database demands it (policy_published_if_and_only_if_sealed)
    return text


def listed_rows(document: Document, table: str) -> list[dict[str, Any]]:
    """Return the rows of a table that a document tells its readers: none where its text in a language leaves it out."""
    for language in ("ko", "en"):
        if not any(table in tables_in(section["body"][language]) for section in document["sections"]):
            return []
    rows: list[dict[str, Any]] = document["tables"].get(table, [])
    return rows


def content_digest(document: Document) -> str:
    """Return the digest of what a reviewer judges: everything but the number and the date it will take effect."""
    return canonical_json.digest({part: document[part] for part in ("format", "sections", "tables", "values")})


def document_digest(document: Document) -> str:
    """Return the SHA-256 that a published text must keep."""
    return canonical_json.digest(document)


def placeholders(sections: list[Section]) -> set[tuple[str, str]]:
    """Return the periods that the text of these sections asks for."""
    bodies = (body for section in sections for body in (section.body_ko, section.body_en))
    return {match for body in bodies for match in PLACEHOLDER.findall(body)}


def _no_consignment(sections: list[Section], on: date) -> dict[str, Any]:
    asked = any("processors" in tables_in(body) for row in sections for body in (row.body_ko, row.body_en))
    decision = (
        NoConsignment.objects.on(on) if asked and not data_recipients.recipients_of_kind("processors", on) else None
    )
    return {NO_CONSIGNMENT: {"date": decision.decided_on.isoformat()}} if decision else {}


def tables_in(body: str) -> list[str]:
    """Return the names of the tables that a text asks for, in their order."""
    return TABLE_LINE.findall(lines(body))


def lines(body: str) -> str:
    """Return a text with one spelling of its ends of lines."""
    # A browser's form sends CR LF; a document has one spelling.
    return body.replace("\r\n", "\n").strip()


def _tables(book: rulebook.Rulebook, version: PolicyVersion, on: date) -> dict[str, Any]:
    categories = list(book.categories.values())
    declared = {code for category in categories for code in category.purposes}
    return {
        "purposes": [
            {"code": purpose.code, "name": _names(purpose)}
            for purpose in Purpose.objects.filter(is_internal=False, code__in=declared).order_by("position")
        ],
        "items": [
            {
                "code": category.code,
                "name": _names(category),
                "optional": category.optional,
                "purposes": sorted(category.purposes),
                "items": [{"code": item.code, "name": _names(item)} for item in category.items.values()],
            }
            for category in categories
        ],
        **({"bases": bases} if (bases := list(_bases(categories))) else {}),
        "retention": list(_retention(categories)),
        "preservation": [
            {
                "code": rule.code,
                "name": _names(rule),
                "law": {"ko": rule.law_ko, "en": rule.law_en},
                "article": {"ko": rule.article_ko, "en": rule.article_en},
                "record_kinds": sorted(rule.record_kinds),
                "months": rule.months,
            }
            for rule in book.preservation.values()
        ],
        **{
            name: [party.row() for party in parties]
            for name in data_recipients.RECIPIENT_KINDS
            if (parties := data_recipients.recipients_of_kind(name, on)) or name not in LATER_TABLES
        },
    }


def _bases(categories: list[rulebook.DeclaredCategory]) -> Iterator[dict[str, Any]]:
    order = list(Purpose.objects.order_by("position").values_list("code", flat=True))
    for category in categories:
        for purpose in sorted(category.bases, key=order.index):
            stated = category.bases[purpose]
            yield {
                "code": f"{category.code}/{purpose}",
                "category": category.code,
                "purpose": purpose,
                "basis": stated.basis,
                "ground": {"ko": lines(stated.ground_ko), "en": lines(stated.ground_en)},
            }


def _retention(categories: list[rulebook.DeclaredCategory]) -> Iterator[dict[str, Any]]:
    for category in categories:
        term = category.retention
        if term is not None:
            yield {
                "code": category.code,
                "name": _names(category),
                "clock": term.clock,
                "years": term.years,
                "months": term.months,
            }


def _value(book: rulebook.Rulebook, kind: str, code: str, on: date) -> dict[str, Any]:
    if kind == "parameter":
        row = Parameter.objects.filter(code=code, effective_on__lte=on).order_by("-effective_on").first()
        if row is not None:
            return {"value": row.value, "unit": row.unit}
    elif kind == "retention":
        category = book.categories.get(code)
        if category is not None and category.retention is not None:
            return {"years": category.retention.years, "months": category.retention.months}
    elif code in book.preservation:
        return {"years": 0, "months": book.preservation[code].months}
    raise UnknownPlaceholder(f"{kind}:{code}")


def _names(row: Any) -> dict[str, str]:
    return {"ko": row.name_ko, "en": row.name_en}
