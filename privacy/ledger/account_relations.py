"""Whether two accounts are two people: who keeps the accounts says so, and the ledger lies below them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

# An account that approves, one that did before, when: whether the first may be the second person.
type SecondPersonCheck = Callable[[str, str, datetime], bool]
_checks: list[SecondPersonCheck] = []
_relations: list[SecondPersonCheck] = []


def add_check(check: SecondPersonCheck) -> None:
    """Have a check asked; the first that doubts decides."""
    if check not in _checks:
        _checks.append(check)


def are_two_people(approver: str, before: str, at: datetime) -> bool:
    """Whether an account may be the second person after another."""
    return approver != before and all(check(approver, before, at) for check in _checks)


def add_relation(relation: SecondPersonCheck) -> None:
    """Have it asked whether one of two accounts lately had a part in the other's."""
    if relation not in _relations:
        _relations.append(relation)


def are_related(one: str, other: str, at: datetime) -> bool:
    """Whether two accounts may be one person's: they are the same, or one lately had a part in the other's."""
    return one == other or any(relation(one, other, at) for relation in _relations)
