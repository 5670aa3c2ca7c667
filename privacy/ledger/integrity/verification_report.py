"""What an examination of the trail found, and how grave it is."""

from __future__ import annotations

from dataclasses import dataclass, field

from privacy.ledger.verify import ALTERED, MALFORMED, POLICY, SOUND
from privacy.ledger.verify_handovers import HandOver

MAX_FINDINGS = 50


@dataclass(frozen=True)
class VerificationFinding:
    """Something that isn't as it was sealed (2), can't be relied on (3) or can't be read (4)."""

    code: int
    message: str


@dataclass
class VerificationReport:
    """What an examination found."""

    size: int = 0
    start: int = 0
    signed_size: int = 0
    signed_at: int | None = None
    checkpoints: int = 0
    anchored: int = 0
    mirrored: int = 0
    # Of each notary whose key was handed over, the hand-over to the one that signs now, unless that is pinned.
    to_be_pinned: list[HandOver] = field(default_factory=list)
    # Times that the notary refused and then, with two officers, accepted.
    excepted: list[str] = field(default_factory=list)
    findings: list[VerificationFinding] = field(default_factory=list)

    @property
    def code(self) -> int:
        """The exit code: the gravest finding decides."""
        codes = {finding.code for finding in self.findings}
        return next((code for code in (ALTERED, MALFORMED, POLICY) if code in codes), SOUND)

    def add(self, code: int, message: str) -> None:
        """Keep a finding. So many of one gravity are enough, but never so many that a graver one finds no room.

        Where there are more, the last line says so.
        """
        known = sum(finding.code == code for finding in self.findings)
        if known == MAX_FINDINGS:
            message = f"there are more than {MAX_FINDINGS} of these; the others are not named here"
        if known <= MAX_FINDINGS:
            self.findings.append(VerificationFinding(code, message))
