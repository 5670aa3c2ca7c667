"""The register of items: every item that the portal is built to take, as the app that takes it declares it (P3.1–P3.3).

The policy in force says what may be taken; this register says what can be. A draft that the office starts in the
console begins with every item that is declared here (``actions/drafts.py``); until a version with it is in force, an
item is refused (P3.4).
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from django.core.exceptions import ImproperlyConfigured

FIRST_EDITION = Path(__file__).with_name("editions") / "2020-12-01.rules.toml"


@dataclass(frozen=True, kw_only=True)
class ItemDeclaration:
    """One item of personal data: its code, its category (and so its purposes and retention), its names in the policy.

    ``identifier``: whether the policy says that it identifies a device.
    """

    code: str
    category: str
    name_ko: str
    name_en: str
    identifier: bool = False


_items: dict[tuple[str, str], ItemDeclaration] = {}


def declare(*items: ItemDeclaration) -> None:
    """Say that the portal can take these items. Raises ImproperlyConfigured for a code that stands here already."""
    for item in items:
        if _items.setdefault((item.category, item.code), item) is not item:
            raise ImproperlyConfigured(f"The item {item.code} is declared twice for {item.category}.")


def declared_items() -> Mapping[tuple[str, str], ItemDeclaration]:
    """Return every declared item by category and code, in the order of the declarations."""
    return MappingProxyType(_items)


def items_of(category: str) -> tuple[ItemDeclaration, ...]:
    """Return the declared items of one category."""
    return tuple(item for item in _items.values() if item.category == category)


@lru_cache(maxsize=1)
def first_items() -> frozenset[tuple[str, str]]:
    """Return the items of the first edition, by category and code: those are in every version (subjects.E002)."""
    rules = tomllib.loads(FIRST_EDITION.read_text(encoding="utf-8"))
    return frozenset((category["code"], item["code"]) for category in rules["categories"] for item in category["items"])


def later_items(category: str) -> frozenset[str]:
    """Return the codes of the declared items that only a later version can declare: ask for these what is in force."""
    return frozenset(item.code for item in items_of(category) if (category, item.code) not in first_items())
