"""What a dossier holds once it is written: registers, parts, and what each criterion has to show."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from config.dossier import criteria
from config.dossier.criteria import Criterion, Standing
from config.dossier.parts import Part, Scope
from privacy.lib.registries.registers import Register
from privacy.safeguards.models import ApplicabilityDecision, Evidence


@dataclass(frozen=True, slots=True)
class RegisterFile:
    """A register in a dossier: how many rows of the period it has, and its files, or why it has none."""

    register: Register
    rows: int | None = None
    files: tuple[str, ...] = ()
    missing: str = ""
    overdue: int = 0
    remark: str = ""
    is_long: bool = False

    @property
    def row_text(self) -> str:
        """How many rows of the period it has, as far as this dossier knows."""
        if self.rows is None:
            return "–"
        return f"> {self.rows:,}" if self.is_long else f"{self.rows:,}"

    @property
    def note(self) -> str:
        """What a reader has to know of it besides its rows."""
        return " ".join(filter(None, (self.missing, self.remark)))


@dataclass(frozen=True, slots=True)
class CriterionLine:
    """A criterion with what this dossier has to show for it."""

    criterion: Criterion
    name: str
    area_name: str
    standing: Standing
    registers: tuple[RegisterFile, ...]
    looks: tuple[tuple[str, Evidence | None], ...]
    decisions: tuple[tuple[str, ApplicabilityDecision | None], ...]
    parts: tuple[Part, ...]
    documents: tuple[str, ...]
    gap: str

    @property
    def standing_name(self) -> str:
        return str(criteria.STANDING_NAMES[self.standing])


@dataclass(frozen=True, slots=True)
class Dossier:
    """What was written into a folder."""

    folder: Path
    scope: Scope
    lines: tuple[CriterionLine, ...]
    registers: tuple[RegisterFile, ...]
    parts: tuple[Part, ...]
    case: str = ""

    @property
    def title(self) -> str:
        return _("Dossier on personal information protection")

    def has(self, code: str) -> bool:
        """Whether a part of this code is in it."""
        return any(part.code == code for part in self.parts)

    def relative(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def counted(self) -> list[tuple[str, int]]:
        """Return how many criteria have which standing."""
        return [
            (str(name), sum(line.standing == standing for line in self.lines))
            for standing, name in criteria.STANDING_NAMES.items()
        ]

    @property
    def register_count(self) -> int:
        return sum(bool(one.files) for one in self.registers)

    def digests(self) -> list[tuple[str, str]]:
        """Return each file with its SHA-256, in the order of names."""
        files = sorted(path for path in self.folder.rglob("*") if path.is_file())
        return [(self.relative(path), digest_of_file(path)) for path in files]


def digest_of_file(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
