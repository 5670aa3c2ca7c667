"""Which witnesses must have cosigned a checkpoint, for ``verify.py`` beside this file (C2SP tlog-policy).

    log VKEY [URL]
    witness NAME VKEY [URL]
    group NAME any|all|NUMBER MEMBER …
    quorum NAME|none

A witness is somebody else's program that remembers the newest checkpoint of a log and cosigns only what continues it
(C2SP tlog-witness): so nobody is shown another history than everybody else.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

if "privacy.ledger" in (__package__ or ""):
    from privacy.ledger import verify
else:
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import verify  # type: ignore[import-not-found,no-redef]


class PolicyWitness(NamedTuple):
    """A witness of the policy: what it is called there, its key, and where it answers."""

    name: str
    key: verify.Key
    url: str


class Policy(NamedTuple):
    """Keys of the log, the witnesses, groups with how many of their members they need, and what must be met."""

    logs: list[verify.Key]
    witnesses: dict[str, PolicyWitness]
    groups: dict[str, tuple[int, list[str]]]
    quorum: str

    def is_met(self, cosigned: Collection[str], name: str = "") -> bool:
        """Whether these witnesses are enough."""
        wanted = name or self.quorum
        if wanted in self.groups:
            needed, members = self.groups[wanted]
            return sum(self.is_met(cosigned, member) for member in members) >= needed
        return wanted == "none" or wanted in cosigned

    def cosigners(self, note: bytes) -> list[str]:
        """Return the names of the witnesses that cosigned a checkpoint. Raises Problem for a false cosignature."""
        try:
            signed = verify.open_note(note, [one.key for one in self.witnesses.values()])[1]
        except verify.Problem as problem:
            if problem.code != verify.POLICY:
                raise
            return []
        return [one.name for one in self.witnesses.values() if one.key[:2] in signed]

    def require(self, note: bytes) -> None:
        """Raise Problem unless enough witnesses cosigned a checkpoint."""
        found = self.cosigners(note)
        if not self.is_met(found):
            named = ", ".join(found) or "none"
            raise verify.Problem(verify.POLICY, f"too few witnesses cosigned the checkpoint: {named}")


def read_policy(raw: bytes) -> Policy:
    """Read a policy. Raises Problem that names the line."""
    policy, quorum = Policy([], {}, {}, ""), ""
    for number, line in enumerate(raw.decode("utf-8", "replace").split("\n"), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        try:
            if (said := _read_line(words, policy)) and quorum:
                raise ValueError
            quorum = said or quorum
        except (ValueError, LookupError, verify.Problem):
            raise verify.Problem(
                verify.MALFORMED, f"line {number} of the policy can't be read: {line[:100]!r}"
            ) from None
    if not quorum:
        raise verify.Problem(verify.MALFORMED, "the policy says no quorum")
    return policy._replace(quorum=quorum)


def _read_line(words: list[str], policy: Policy) -> str:
    """Add what a line says; return the quorum where it says that."""
    kind, *rest = words
    if kind == "log" and len(rest) in (1, 2):
        key = verify.parse_key(rest[0])
        if any(key.public == one.key.public for one in policy.witnesses.values()):
            raise ValueError
        policy.logs.append(key)
    elif kind == "witness" and len(rest) in (2, 3):
        _refuse_known_key(rest[1], policy)
        policy.witnesses[_new_name(rest[0], policy)] = PolicyWitness(
            rest[0], verify.parse_key(rest[1]), *rest[2:] or [""]
        )
    elif kind == "group" and len(rest) > 2:
        members = list(_known_names(rest[2:], policy))
        needed = {"any": 1, "all": len(members)}.get(rest[1]) or verify.decode_number(rest[1])
        if not 0 < needed <= len(members):
            raise ValueError
        policy.groups[_new_name(rest[0], policy)] = (needed, members)
    elif kind == "quorum" and len(rest) == 1:
        return rest[0] if rest[0] == "none" else next(_known_names(rest, policy))
    else:
        raise ValueError
    return ""


def _refuse_known_key(vkey: str, policy: Policy) -> None:
    """Raise ValueError for a key that cosigns nothing, or that is another witness's or the log's: one is not two."""
    key = verify.parse_key(vkey)
    others = [*policy.logs, *(one.key for one in policy.witnesses.values())]
    if key.kind not in (verify.COSIGNATURE, 6) or any(key.public == other.public for other in others):
        raise ValueError


def _new_name(name: str, policy: Policy) -> str:
    if name == "none" or name in policy.witnesses or name in policy.groups:
        raise ValueError
    return name


def _known_names(names: list[str], policy: Policy) -> Iterator[str]:
    if len({*names}) < len(names):
        raise ValueError
    for name in names:
        if name not in policy.witnesses and name not in policy.groups:
            raise LookupError
        yield name
