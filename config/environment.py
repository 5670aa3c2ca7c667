"""The variables of the environment: read once, in ``config/settings.py``; ``variables.toml`` says what each is for.

What was read is remembered, and from that memory ``tools/variables.py`` writes `.env.example` and the table of
docs/operations.md: what is documented is what is read. Reading and parsing are django-environ's.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from environ import Env

DESCRIPTIONS_FILE = Path(__file__).with_name("variables.toml")


@dataclass(frozen=True)
class Variable:
    """One variable: how it is written (``kind``), what it is without being set (none: it must be set), what it does.

    ``example`` is what `.env.example` proposes; a variable without one is shown there as a comment with its default.
    """

    name: str
    kind: str
    default: str | None
    says: str
    example: str
    section: str


class Variables:
    """Read the environment, and remember what was asked for.

    A variable without a default raises Django's ``ImproperlyConfigured``, which names it, when it is missing; one that
    nobody described raises ``KeyError``.
    """

    def __init__(self, env: Env) -> None:
        self.env = env
        self.read: dict[str, Variable] = {}
        sections = tomllib.loads(DESCRIPTIONS_FILE.read_text(encoding="utf-8"))
        self._words = {
            name: (title, words["says"], words.get("example", ""))
            for title, names in sections.items()
            for name, words in names.items()
        }

    @property
    def unread(self) -> set[str]:
        """The variables that are described and that nobody asked for."""
        return self._words.keys() - self.read.keys()

    def text(self, name: str, *, default: str | None = None) -> str:
        return str(self._take("text", name, default))

    def number(self, name: str, *, default: int) -> int:
        """Read a count. Raises ``ImproperlyConfigured`` for what is none."""
        found = str(self._take("number", name, str(default)))
        if not (found.isascii() and found.isdecimal()):
            raise ImproperlyConfigured(f"{name} is a whole number of 0 or more, not {found!r}.")
        return int(found)

    def flag(self, name: str, *, default: bool) -> bool:
        return bool(self._take("flag", name, default))

    def path(self, name: str, *, default: Path) -> Path:
        return Path(self._take("path", name, str(default)))

    def several(self, name: str, *, default: Sequence[str] = ()) -> list[str]:
        """Read words parted by commas."""
        return list(self._take("list", name, list(default)))

    def pairs(self, name: str) -> dict[str, str]:
        """Read ``a=1,b=2``."""
        return dict(self._take("pairs", name, {}))

    def database(self, name: str) -> dict[str, Any]:
        """Read the address of a database; it must be set."""
        return dict(self._take("address", name, None))

    def declare(self, name: str, *, kind: str = "text", default: str = "") -> None:
        """Name a variable that is read elsewhere, before the settings or instead of them."""
        self._remember(kind, name, default)

    def _take(self, kind: str, name: str, default: Any) -> Any:
        self._remember(kind, name, default)
        readers = {
            "text": self.env.str, "path": self.env.str, "number": self.env.str, "flag": self.env.bool,
            "list": self.env.list, "pairs": self.env.dict, "address": self.env.db_url,
        }  # fmt: skip
        return readers[kind](name) if default is None else readers[kind](name, default=default)

    def _remember(self, kind: str, name: str, default: Any) -> None:
        if name in self.read:
            raise ValueError(f"The variable {name} is read twice.")
        section, says, example = self._words[name]
        self.read[name] = Variable(name, kind, _written(default), says, example, section)


def _written(default: Any) -> str | None:
    """Return a default as one would write it in the environment."""
    match default:
        case None:
            return None
        case bool():
            return "true" if default else "false"
        case list():
            return ",".join(default)
        case dict():
            return ",".join(f"{key}={value}" for key, value in default.items())
    return str(default)
