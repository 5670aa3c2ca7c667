"""The readable page of an access package: the same content as the JSON, in words, days and names (P1.2)."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from consents.models import Agreement, AgreementVersion, Decision
from devices.statistics import VALUE_LABELS
from privacy.disclosures.models import Disclosure
from privacy.lib.dates import clock
from privacy.lib.display import display_names
from privacy.lib.display.badges import date_text, datetime_text
from privacy.policies import rulebook, wording
from privacy.policies.models.localized_fields import in_language
from privacy.rights import openings, right_scope
from privacy.rights.access_package import contents
from privacy.rights.access_package.redactions import BLACKED_OUT, IDENTIFIERS, values
from privacy.rights.models import Right
from privacy.systems.models import ConnectedSystem, SystemTask
from privacy.vault.models import Freeze

# What the parts of a record are called; the policy's own items have their names in the rulebook.
LABELS = {
    "device": gettext_lazy("Device"),
    "registered_at": gettext_lazy("Registered"),
    "service_ended_on": gettext_lazy("Service ended"),
    "licence": gettext_lazy("Licence"),
    "starts_on": gettext_lazy("From"),
    "ends_on": gettext_lazy("Until"),
    "report": gettext_lazy("Report"),
    "kind": gettext_lazy("Kind"),
    "occurred_at": gettext_lazy("Happened"),
    "received_at": gettext_lazy("Received"),
    "recorded_at": gettext_lazy("Recorded"),
    "body": gettext_lazy("Content"),
    "value": gettext_lazy("Value"),
    "case": gettext_lazy("Case number"),
    "contact": gettext_lazy("Contact"),
    "claimed": gettext_lazy("Number given"),
    "wanted": gettext_lazy("What it should be"),
    "explanation": gettext_lazy("Explanation"),
}
# What is inside a value: what the requester told of herself, and what each kind of report says (report_schema).
NESTED_LABELS = {
    "name": gettext_lazy("Name"),
    "principal": gettext_lazy("Requested for"),
    "relation": gettext_lazy("Relation"),
    "birth_date": gettext_lazy("Date of birth of the representative"),
    "principal_birth_date": gettext_lazy("Date of birth of the person"),
    "email": gettext_lazy("E-mail address"),
    "phone": gettext_lazy("Phone number"),
    "address": gettext_lazy("Postal address"),
    "state": gettext_lazy("State"),
    "activated_at": gettext_lazy("Activated"),
    "count": pgettext_lazy("how many", "Number"),
    "from": pgettext_lazy("period", "From"),
    "until": pgettext_lazy("period", "Until"),
    "action": gettext_lazy("Action"),
    "result": gettext_lazy("Result"),
    "app": gettext_lazy("App"),
    "version": gettext_lazy("Version"),
    "setting": gettext_lazy("Setting"),
    "applied_at": gettext_lazy("Applied"),
    "level": gettext_lazy("Level"),
    "message": gettext_lazy("Message"),
}
# Inner values that are words of a closed list, not of somebody's own.
CHOICE_FIELDS = {"state", "result"}
CLOCK_LABELS = {
    "licence-expiry": gettext_lazy("the licence expires"),
    "service-end": gettext_lazy("the service ends"),
    "purpose-achieved": gettext_lazy("the purpose is achieved"),
    "record-date": gettext_lazy("the record was made"),
}
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Pages:
    """The pages on which the many records of one category stand."""

    addresses: list[str]
    records: int


class CodeLabels:
    """The names of codes on one day, in the active language; each is looked up once."""

    def __init__(self, on: date) -> None:
        self.on = on
        self._known: dict[tuple[str, str], str] = {}

    def of(self, kind: str, code: str) -> str:
        """Return the name of a code."""
        key = (kind, code)
        if key not in self._known:
            self._known[key] = display_names.display_name(kind, code, on=self.on)
        return self._known[key]


def records(category: str, number: int, records: Iterable[Mapping[str, Any]], *, known: CodeLabels) -> dict[str, Any]:
    """Return what one page of many records shows, in the language that is active."""
    return {
        "name": known.of("category", category),
        "number": number,
        "records": [_record(record, known) for record in records],
    }


def context(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page shows, in the language that is active."""
    known = CodeLabels(clock.kst_date(datetime.fromisoformat(content["made_at"])))
    return {
        "content": content,
        "made": datetime_text(datetime.fromisoformat(content["made_at"])),
        "left_out": [right_scope.provision_name(part) or known.of("category", part) for part in content["left_out"]],
        "redacted": _redacted(content.get("redacted", [])),
        "blacked_out": BLACKED_OUT,
        "frozen": [_frozen(one, known) for one in content["frozen"]],
        "held": list(_held(content.get("held", {}), known)),
        "purposes": [
            (known.of("category", code), ", ".join(known.of("purpose", one) for one in codes))
            for code, codes in content.get("purposes", {}).items()
        ],
        "retention": [(known.of("category", code), _term(term)) for code, term in content.get("retention", {}).items()],
        "provided": [_provided(one, known) for one in content.get("provided", [])],
        "consents": [_consent(one) for one in content.get("consents", [])],
        "systems": [_system(one, known) for one in content.get("systems", [])],
        "most_opened": contents.MAX_ACCESS_RECORDS,
        "opened_since": _text(content["opened_since"]) if content.get("opened_since") else "",
        "opened": [
            {
                "at": _text(one["at"]),
                "by": one["by"] if one["by"].startswith("U-") else "",
                "role": openings.role_text(one["role"]),
                "task": openings.task_text(one["task"]),
                "purpose": known.of("purpose", one["purpose"]) if one["purpose"] else "",
            }
            for one in content.get("opened", [])
        ],
    }


def _held(held: Mapping[str, Any], known: CodeLabels) -> Iterator[dict[str, Any]]:
    """The policy's categories in its order, empty ones too; of the office's own files only what is there."""
    policy = list(rulebook.in_force(known.on).categories)
    for code in [*(one for one in policy if one in held), *(one for one in held if one not in policy)]:
        name, shown = known.of("category", code), held[code]
        if isinstance(shown, Pages):
            tables = [table_name(page) for page in shown.addresses]
            yield {"name": name, "records": [], "pages": shown, "tables": tables}
        elif shown or code in policy:
            tables = [table_names(held)[code]] if shown else []
            yield {"name": name, "records": [_record(one, known) for one in shown], "pages": None, "tables": tables}


def table_names(held: Mapping[str, Any]) -> dict[str, str]:
    """Return the names of the tables of categories, by their place: the readable page shows no codes of ours."""
    return {code: f"table-{place:02}.csv" for place, code in enumerate(held, start=1)}


def table_name(page: str) -> str:
    """Return the name of the table that has the same records as a page."""
    return f"{page.removesuffix('.html')}.csv"


def _record(record: Mapping[str, Any], known: CodeLabels) -> list[tuple[Any, str]]:
    return [
        (LABELS.get(name) or capfirst(known.of("item", name)), _value(name, value, known))
        for name, value in record.items()
        if value not in (None, "", {}, [])
    ]


def name_of(record: Mapping[str, Any]) -> str:
    """Return by what a record is known, such as its case number; nothing for one without a number."""
    return next((str(record[name]) for name in IDENTIFIERS if name in record), "")


def places(record: Mapping[str, Any], known: CodeLabels) -> Iterator[tuple[tuple[str, ...], str, str, Any]]:
    """Yield each value of a record that can be left out: its path, what it is called, as it is read, and as it is."""
    for path, value in values(record):
        first, *inner = path
        yield path, label_of(path, known), _word(inner[-1], value) if inner else _value(first, value, known), value


def label_of(path: Sequence[str], known: CodeLabels) -> str:
    """Return what the value at a path is called; nothing where the path is that of the whole record."""
    return " · ".join(
        _inner(name) if place else str(LABELS.get(name) or capfirst(known.of("item", name)))
        for place, name in enumerate(path)
    )


def _value(name: str, value: Any, known: CodeLabels) -> str:
    """A report's kind is an item of the policy, spelt with hyphens in the API."""
    return known.of("item", str(value).replace("-", "_")) if name == "kind" else _text(value)


def _text(value: Any) -> str:
    """Return a value as people read it: moments and days with weekday, parts of a report line by line."""
    if isinstance(value, Mapping):
        return "\n".join(f"{_inner(name)}: {_word(name, inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(_text(inner) for inner in value)
    text = str(value)
    if TIMESTAMP.match(text):
        return datetime_text(datetime.fromisoformat(text))
    return date_text(date.fromisoformat(text)) if DAY.fullmatch(text) else text


def _inner(name: str) -> str:
    """Name what stands inside a value; the values wanted in a correction are told apart by the right's number."""
    if name in NESTED_LABELS:
        return str(NESTED_LABELS[name])
    number, _colon, content = name.partition(":")
    if not number.isdigit():
        return name
    return (
        _("content of report no. %(number)s") % {"number": number}
        if content
        else _("no. %(number)s") % {"number": number}
    )


def _word(name: str, value: Any) -> str:
    return str(VALUE_LABELS[value]) if name in CHOICE_FIELDS and value in VALUE_LABELS else _text(value)


def _redacted(told: Iterable[Mapping[str, str]]) -> list[str]:
    """Say on which ground how many places are left out."""
    grounds = Counter(Right.Ground(one["ground"]) for one in told)
    return [
        ngettext("%(count)d place. Ground: %(ground)s", "%(count)d places. Ground: %(ground)s", count)
        % {"count": count, "ground": ground.label}
        for ground, count in grounds.items()
    ]


def _frozen(one: Mapping[str, str], known: CodeLabels) -> str:
    what = known.of("item", one["item"]) if one["item"] else ""
    category = known.of("category", one["category"]) if one["category"] else _("everything")
    return f"{what or category} ({Freeze.Cause(one['cause']).label}, {_text(one['since'])})"


def _term(term: Mapping[str, Any]) -> str:
    return _("%(period)s after %(event)s") % {
        "period": wording.period(term["years"], term["months"]),
        "event": CLOCK_LABELS.get(term["from"], term["from"]),
    }


def _provided(one: Mapping[str, Any], known: CodeLabels) -> dict[str, Any]:
    return {
        **one,
        "items": ", ".join(known.of("item", item) for item in one["items"]),
        "basis": Disclosure.Basis(one["basis"]).label,
        "provided_at": _text(one["provided_at"]),
    }


def _system(one: Mapping[str, Any], known: CodeLabels) -> tuple[str, str]:
    """Say what another system holds, by item, or that it has not told us yet."""
    system = ConnectedSystem.objects.filter(code=one["system"]).first()
    name = in_language(system, "name") if system is not None else one["name"]
    if one["state"] == SystemTask.State.CONFIRMED:
        counts = [f"{known.of('item', item)} {count}" for item, count in sorted(one["found"].items())]
        return name, ", ".join(counts)
    if one["state"] == SystemTask.State.NOT_HELD:
        return name, _("It holds nothing about you.")
    return name, _("It had not told us yet what it holds.")


def _consent(one: Mapping[str, Any]) -> dict[str, Any]:
    text = AgreementVersion.objects.filter(agreement__code=one["agreement"], number=one["version"]).first()
    known = Agreement.objects.filter(code=one["agreement"]).exists()
    return {
        "agreement": text.title if text is not None and known else one["agreement"],
        "decision": Decision.Choice(one["decision"]).label,
        "decided_at": _text(one["decided_at"]),
        "receipt": one["receipt"],
    }
