"""A document as its reader sees it: chapters of paragraphs, lists and tables, in one language."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override, pgettext

from privacy.policies import rulebook, wording
from privacy.policies.models import LegalGround, RetentionTrigger
from privacy.policies.policy_document import (
    EFFECTIVE_DATE,
    LIVE_TABLES,
    NO_CONSIGNMENT,
    PLACEHOLDER,
    TABLE_LINE,
    Document,
)

CAPTIONS = {
    "purposes": gettext_lazy("What it is used for"),
    "items": gettext_lazy("What is collected"),
    "bases-consent": gettext_lazy("What is processed with your consent"),
    "bases-other": gettext_lazy("What is processed without consent"),
    "retention": gettext_lazy("How long it is kept"),
    "preservation": gettext_lazy("What other laws require us to keep"),
    "recipients": gettext_lazy("Who receives it"),
    "processors": gettext_lazy("Who processes it for the company"),
    "transfers": gettext_lazy("Who receives it abroad"),
    "app-permissions": gettext_lazy("What the app may access on your handset"),
}


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a list, a table, or something shown as it is on the day of reading."""

    kind: str  # "text" "list" "table" "live"
    text: str = ""
    items: tuple[str, ...] = ()
    name: str = ""
    caption: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()

    def lines(self) -> list[str]:
        """Return the block as lines of plain text, for comparing and searching."""
        if self.kind == "list":
            return [f"– {item}" for item in self.items]
        if self.kind == "table":
            return [" · ".join(row) for row in self.rows]
        return [self.text] if self.text else []


@dataclass(frozen=True, slots=True)
class RenderedSection:
    """One heading with what stands under it."""

    code: str
    number: int
    heading: str
    blocks: tuple[Block, ...] = field(default=())

    def lines(self) -> list[str]:
        return [line for block in self.blocks for line in block.lines()]


def render_sections(document: Document, language: str, *, on: date | None = None) -> list[RenderedSection]:
    """Return the chapters of a document in ``ko`` or ``en``; ``on`` adds what the office's numbers say on a day."""
    with override(language):
        reader = _Renderer(document, "en" if language.startswith("en") else "ko", on)
        return [
            RenderedSection(section["code"], number, section["heading"][reader.language], tuple(reader.blocks(section)))
            for number, section in enumerate(document["sections"], start=1)
        ]


class _Renderer:
    def __init__(self, document: Document, language: str, on: date | None) -> None:
        self.language = language
        self.on = on
        self.tables = document["tables"]
        self.values = document["values"]
        self.effective_on = document["effective_on"]
        self.item_names = {
            item["code"]: item["name"][language] for row in self.tables["items"] for item in row["items"]
        }
        self.purpose_names = {row["code"]: row["name"][language] for row in self.tables["purposes"]}
        self.makers: dict[str, Callable[[], Block]] = {
            "purposes": self._purposes,
            "items": self._items,
            "retention": self._retention,
            "preservation": self._preservation,
            "recipients": self._recipients,
            "processors": self._processors,
            "transfers": self._transfers,
            "app-permissions": self._app_permissions,
        }

    def blocks(self, section: dict[str, Any]) -> list[Block]:
        made: list[Block] = []
        for part in section["body"][self.language].split("\n\n"):
            made += self._part(part.strip("\n"))
        return made

    def _part(self, part: str) -> list[Block]:
        table = TABLE_LINE.fullmatch(part.strip())
        if table:
            name = table.group(1)
            if name == "bases":
                return list(self._bases())
            return [Block("live", name=name)] if name in LIVE_TABLES else [self.makers[name]()]
        made: list[Block] = []
        prose: list[str] = []
        listed: list[str] = []
        for line in self._filled(part).split("\n"):
            if line.startswith("- "):
                listed.append(line[2:].strip())
            elif listed:
                listed[-1] += " " + line.strip()
            elif line.strip():
                prose.append(line.strip())
        if prose:
            made.append(Block("text", text=" ".join(prose)))
        if listed:
            made.append(Block("list", items=tuple(listed)))
        return made

    def _filled(self, text: str) -> str:
        if EFFECTIVE_DATE in text:
            text = text.replace(EFFECTIVE_DATE, wording.day_in_words(self.effective_on))
        return PLACEHOLDER.sub(lambda match: wording.value(self.values[f"{match[1]}:{match[2]}"]), text)

    def _purposes(self) -> Block:
        rows = (
            (
                row["name"][self.language],
                ", ".join(
                    category["name"][self.language]
                    for category in self.tables["items"]
                    if row["code"] in category["purposes"]
                ),
            )
            for row in self.tables["purposes"]
        )
        return _table("purposes", (_("Purpose"), _("Personal information used")), tuple(rows))

    def _items(self) -> Block:
        rows = (
            (
                row["name"][self.language],
                _("optional") if row["optional"] else _("required"),
                ", ".join(item["name"][self.language] for item in row["items"]),
                ", ".join(self.purpose_names[code] for code in row["purposes"] if code in self.purpose_names),
            )
            for row in self.tables["items"]
        )
        columns = (_("Category"), _("Required or optional"), _("Items"), _("Purpose"))
        return _table("items", columns, tuple(rows))

    def _bases(self) -> Iterator[Block]:
        """Yield what rests on consent apart from what does not, with its items and its basis (PIPA art. 22(3))."""
        stated = self.tables.get("bases", ())
        consented = [row for row in stated if row["basis"] == LegalGround.CONSENT]
        others = [row for row in stated if row["basis"] != LegalGround.CONSENT]
        columns = (_("Category"), _("Items"), _("Purpose"))
        if consented:
            yield _table("bases-consent", columns, tuple(self._processed(row) for row in consented))
        rows = tuple((*self._processed(row), wording.legal_basis(row, self.language)) for row in others)
        all_agreed = _("Of what this policy lists, nothing is processed without consent.")
        nothing = all_agreed if stated else _("This version states no legal basis.")
        yield _table_or("bases-other", (*columns, _("Legal basis")), rows, nothing)

    def _processed(self, row: dict[str, Any]) -> tuple[str, ...]:
        category = next(one for one in self.tables["items"] if one["code"] == row["category"])
        items = ", ".join(item["name"][self.language] for item in category["items"])
        return category["name"][self.language], items, self.purpose_names.get(row["purpose"], row["purpose"])

    def _retention(self) -> Block:
        rows = ((row["name"][self.language], self._kept(row)) for row in self.tables["retention"])
        return _table("retention", (_("Category"), _("Kept")), tuple(rows))

    def _kept(self, row: dict[str, Any]) -> str:
        kept = wording.retention(row["clock"], row["years"], row["months"])
        if row["clock"] != RetentionTrigger.PURPOSE_ACHIEVED or self.on is None:
            return kept
        days = rulebook.parameter("app-log.purpose.days", self.on)
        return f"{kept}. {wording.purpose_of_logs(days)}"

    def _preservation(self) -> Block:
        rows = (
            (
                row["name"][self.language],
                f"{row['law'][self.language]} {row['article'][self.language]}".strip(),
                wording.period(0, row["months"]),
                ", ".join(self.item_names.get(kind.replace("-", "_"), kind) for kind in row["record_kinds"])
                or _("none: no such records are held"),
            )
            for row in self.tables["preservation"]
        )
        columns = (_("Records preserved"), _("Law"), _("Period"), _("Records held that this covers"))
        return _table_or("preservation", columns, tuple(rows), _("No law currently requires longer retention."))

    def _recipients(self) -> Block:
        rows = (
            (
                row["name"][self.language],
                row["purpose"][self.language],
                ", ".join(self.item_names.get(code, code) for code in row["items"]),
                row["until"][self.language],
            )
            for row in self.tables["recipients"]
        )
        columns = (_("Recipient"), _("Recipient's purpose"), _("Items"), _("Kept by the recipient"))
        return _table_or(
            "recipients",
            columns,
            tuple(rows),
            _("This version names no recipient."),
        )

    def _processors(self) -> Block:
        rows = ((row["name"][self.language], row["purpose"][self.language]) for row in self.tables["processors"])
        nothing = _("This version does not say whether processing is consigned.")
        if decided := self.values.get(NO_CONSIGNMENT):
            day = wording.day_in_words(decided["date"])
            nothing = _("No processing is consigned (decision of the protection officer of %(day)s).") % {"day": day}
        return _table_or("processors", (_("Processor"), _("Work")), tuple(rows), nothing)

    def _transfers(self) -> Block:
        """Return the items of PIPA art. 28-8(2) in their order, the basis before them (Decree art. 31(1)2)."""
        rows = (
            (
                row["basis"][self.language],
                ", ".join(self.item_names.get(code, code) for code in row["items"]),
                f"{row['country'][self.language]} · {row['way'][self.language]}",
                f"{row['name'][self.language]} ({row['contact']})",
                f"{row['purpose'][self.language]} · {row['until'][self.language]}",
                row["refusal"][self.language],
            )
            for row in self.tables.get("transfers", ())
        )
        columns = (
            _("Basis"),
            _("Items"),
            _("Country, when and how"),
            _("Recipient and contact"),
            _("Recipient's purpose and period"),
            _("How to refuse, and the effect"),
        )
        return _table_or("transfers", columns, tuple(rows), _("This version names no transfer abroad."))

    def _app_permissions(self) -> Block:
        """Return what Network Act art. 22-2(1) has the user told, required permissions first."""
        told = sorted(self.tables.get("app-permissions", ()), key=lambda row: not row["required"])
        rows = (
            (
                row["name"][self.language],
                pgettext("permission", "required") if row["required"] else pgettext("permission", "optional"),
                ", ".join(self.item_names.get(code, code) for code in row["items"]) or "–",
                row["purpose"][self.language],
                _("The service can't be provided.")
                if row["required"]
                else _("You can use the service. Without it: %(what)s") % {"what": row["without"][self.language]},
            )
            for row in told
        )
        columns = (
            _("Permission"), _("Required or optional"), _("Items"), _("Why it is needed"), _("If you don't allow it")
        )  # fmt: skip
        nothing = _("This version names no permission of the app.")
        return _table_or("app-permissions", columns, tuple(rows), nothing)


def _table(name: str, columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> Block:
    return Block("table", name=name, caption=str(CAPTIONS[name]), columns=columns, rows=rows)


def _table_or(name: str, columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...], nothing: str) -> Block:
    return _table(name, columns, rows) if rows else Block("text", text=nothing)
