"""The text that came with the installation: it restates what the company published elsewhere, and the page says so.

Whether it restates every promise is asked of the text itself: an installation that is older than the restatement holds
a paraphrase under the same number, sealed as it was, and its page must not claim more than that.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from privacy.policies import policy_document
from privacy.policies.models import PolicyVersion, in_language

EDITIONS = Path(__file__).resolve().parent / "editions"


@dataclass(frozen=True, slots=True)
class AddedItem:
    """Something that the tables name and the published text does not."""

    name: str
    why_ko: str
    why_en: str

    @property
    def why(self) -> str:
        return in_language(self, "why")


@dataclass(frozen=True, slots=True)
class ShippedText:
    """What the portal says of such a text: whether it is complete, and what its tables add."""

    is_complete: bool
    beyond: tuple[AddedItem, ...]


def came_with_installation(version: PolicyVersion) -> bool:
    """Whether a version was published before the portal, and came with it: nobody published it here."""
    return not version.published_by and (EDITIONS / f"{version.number}.document.json").exists()


def shipped_text_of(version: PolicyVersion, language: str) -> ShippedText | None:
    """Return what to say of a version, or ``None`` for one that was published here: that one is the text itself."""
    if not came_with_installation(version):
        return None
    seal, beyond = _shipped(version.number)
    names = _names(policy_document.published_document(version), "en" if language.startswith("en") else "ko")
    added = (
        AddedItem(names[row["table"], row["code"]], row["why_ko"], row["why_en"])
        for row in beyond
        if (row["table"], row["code"]) in names
    )
    return ShippedText(seal == version.seal, tuple(added))


@lru_cache(maxsize=4)
def _shipped(number: str) -> tuple[str, list[dict[str, str]]]:
    text = json.loads((EDITIONS / f"{number}.document.json").read_text(encoding="utf-8"))
    beyond = tomllib.loads((EDITIONS / f"{number}.beyond.toml").read_text(encoding="utf-8"))
    return policy_document.document_digest(text), beyond["beyond"]


def _names(text: Mapping[str, Any], language: str) -> dict[tuple[str, str], str]:
    rows = [("items", item) for category in text["tables"]["items"] for item in category["items"]]
    return {(table, row["code"]): str(row["name"][language]) for table, row in rows}
