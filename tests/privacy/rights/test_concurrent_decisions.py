"""Two officers decide the same right in the same moment: exactly one wins, the other learns who, and when (SEC-08).

A positive control takes the guard away and shows that the race is real: without it both would decide.
"""

from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from django.db import connections, transaction

from privacy.accounts.models import User
from privacy.ledger.entries import autocommit
from privacy.ledger.models import Entry
from privacy.lib.errors.refusals import Refusal
from privacy.rights import actions as rights
from privacy.rights.models import Right
from tests import factory
from tests.database import PortalDatabase
from tests.factories.accounts import NOON

ROUNDS = 100

type Verb = Callable[[Right, User], object]


def at_once(right: Right, verbs: list[tuple[Verb, User]]) -> list[Refusal | None]:
    """Run the verbs in threads that start together; return what each was refused with, or None."""
    barrier = Barrier(len(verbs))
    answers: list[Refusal | None] = [None] * len(verbs)
    errors: list[BaseException] = []

    def run(place: int, verb: Verb, officer: User) -> None:
        try:
            mine = Right.objects.get(id=right.id)
            barrier.wait()
            try:
                verb(mine, officer)
            except Refusal as refusal:
                answers[place] = refusal
        except BaseException as error:
            errors.append(error)
        finally:
            autocommit.close()
            for alias in connections:
                connections[alias].close()

    threads = [Thread(target=run, args=(place, verb, officer)) for place, (verb, officer) in enumerate(verbs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors
    return answers


def grant(right: Right, officer: User) -> object:
    return rights.grant(right, actor=officer, at=NOON)


def refuse(right: Right, officer: User) -> object:
    return rights.refuse(right, ground="life-or-body", actor=officer, at=NOON)


def decide_without_guard(right: Right, officer: User) -> object:
    """What a verb without the row lock would do: look, then write."""
    with transaction.atomic():
        seen = Right.objects.get(id=right.id)
        if seen.is_decided:
            raise Refusal("decided")
        seen.decision, seen.decided_by, seen.decided_at = "granted", officer.reference, NOON
        seen.save(update_fields=["decision", "decided_by", "decided_at"])
    return seen


@pytest.mark.asvs("2.3.4", "15.4.2")
@pytest.mark.clause("P1.4")
@pytest.mark.fault("FLT-19")
def test_exactly_one_decision_in_a_hundred_rounds(portal_database: PortalDatabase) -> None:
    odile, omar = factory.make_officer(), factory.make_omar()
    factory.make_handler()
    for number in range(ROUNDS):
        right = factory.make_verified(factory.ask(address=f"198.51.{number}.1")).rights.get()
        answers = at_once(right, [(grant, odile), (refuse, omar)])
        refused = [answer for answer in answers if answer is not None]
        assert len(refused) == 1
        right.refresh_from_db()
        winner = odile if answers[0] is None else omar
        assert right.decided_by == winner.reference
        assert right.decision == ("granted" if winner is odile else "refused")
        assert isinstance(refused[0], rights.AlreadyDecided)
        assert winner.reference in str(refused[0])
        assert winner.name in str(refused[0])
        assert "2026" in str(refused[0])
    decisions = Entry.objects.filter(word__in=["rights.request.granted", "rights.request.refused"])
    assert decisions.count() == ROUNDS


@pytest.mark.fault("FLT-19")
def test_without_the_guard_the_race_is_real(portal_database: PortalDatabase) -> None:
    odile, omar = factory.make_officer(), factory.make_omar()
    factory.make_handler()
    doubles = 0
    for number in range(20):
        right = factory.make_verified(factory.ask(address=f"198.51.{number}.1")).rights.get()
        answers = at_once(right, [(decide_without_guard, odile), (decide_without_guard, omar)])
        doubles += answers == [None, None]
    assert doubles > 0, "the threads never met, so the test above proves nothing"


@pytest.mark.fault("FLT-19")
def test_a_decision_and_a_withdrawal_never_both_happen(portal_database: PortalDatabase) -> None:
    odile = factory.make_officer()
    factory.make_handler()
    for number in range(20):
        case = factory.make_verified(factory.ask(address=f"198.51.{number}.1"))
        requester = case.rights.get()

        def take_back(right: Right, officer: User) -> object:
            return rights.withdraw(right.request, actor=officer, at=NOON)

        answers = at_once(requester, [(grant, odile), (take_back, odile)])
        assert sum(answer is None for answer in answers) == 1
        case.refresh_from_db()
        assert (case.state == "withdrawn") == (case.rights.get().decision == "pending")
