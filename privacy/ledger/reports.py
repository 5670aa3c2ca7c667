"""What an examination of the trail found, and how grave it is."""

from __future__ import annotations

from dataclasses import dataclass, field

from privacy.ledger.verify import ALTERED, MALFORMED, POLICY, SOUND

MOST_FINDINGS = 50


@dataclass(frozen=True)
class Finding:
    """Something that isn't as it was sealed (2), can't be relied on (3) or can't be read (4)."""

    code: int
    message: str


@dataclass
class Report:
    """What an examination found."""

    size: int = 0
    start: int = 0
    signed_size: int = 0
    signed_at: int | None = None
    checkpoints: int = 0
    anchored: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def code(self) -> int:
        """The exit code: the gravest finding decides."""
        codes = {finding.code for finding in self.findings}
        return next((code for code in (ALTERED, MALFORMED, POLICY) if code in codes), SOUND)

    def add(self, code: int, message: str) -> None:
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(code, message))
