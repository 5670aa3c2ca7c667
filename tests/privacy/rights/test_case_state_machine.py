"""Whatever is pressed in whatever order: a legal step does what the model says, an illegal one changes nothing."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from hypothesis.strategies import sampled_from

from privacy.lib.errors.refusals import Refusal
from privacy.rights import actions as rights
from privacy.rights.actors import Requester
from privacy.rights.models import Objection, Request, Right
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

BEFORE = {"received", "identity-pending"}
PATHS = [
    (),
    ("verify",),
    ("verify", "grant"),
    ("verify", "grant", "carry_out"),
    ("verify", "refuse"),
    ("verify", "refuse", "object"),
    ("verify", "refuse", "object", "uphold"),
    ("verify", "refuse", "close", "object"),
]
ENDED = {"closed", "withdrawn", "identity-rejected"}


class CaseMachine(RuleBasedStateMachine):
    """One case with one access, answered on the page; ``state``, ``decision`` and ``objection`` are the model."""

    def __init__(self) -> None:
        super().__init__()
        self.undo = ExitStack()
        for alias in ("default", "personal"):
            self.undo.enter_context(transaction.atomic(using=alias))
            self.undo.callback(transaction.set_rollback, True, using=alias)
        self.odile, self.omar = factory.make_officer(), factory.make_omar()
        self.hana = factory.make_handler()
        factory.grant_office_categories(self.omar, by=self.odile)
        factory.make_device(1)
        self.case = factory.ask(target=factory.imei(1), answer_by="portal", address="").request
        self.state, self.decision, self.objection, self.done = "received", "pending", "none", False

    def teardown(self) -> None:
        for alias in ("default", "personal"):
            transaction.set_rollback(False, using=alias)
        self.undo.close()

    def attempt(self, legal: bool, verb: Callable[..., Any], *about: Any, **words: Any) -> bool:
        """Try a verb; whether it acts is decided by the model alone."""
        try:
            verb(*about, at=NOON, **words)
        except Refusal:
            assert not legal, f"{verb.__name__} was refused at {self.state}, {self.decision}"
            return False
        assert legal, f"{verb.__name__} went through at {self.state}, {self.decision}"
        return True

    def right(self) -> Right:
        return Right.objects.get(request=self.case)

    @initialize(path=sampled_from(PATHS))
    def begin_somewhere(self, path: tuple[str, ...]) -> None:
        """Walk part of the way first, so that the far steps are tried as often as the near ones."""
        for step in path:
            getattr(self, step)()

    @rule()
    def ask_evidence(self) -> None:
        if self.attempt(self.state in BEFORE, rights.request_document, self.case, actor=self.odile):
            self.state = "identity-pending"

    @rule()
    def verify(self) -> None:
        if self.attempt(self.state in BEFORE, factory.verify_by_documents, self.case, actor=self.hana):
            self.state = "verified"

    @rule()
    def reject(self) -> None:
        if self.attempt(self.state in BEFORE, rights.reject_identity, self.case, actor=self.odile):
            self.state = "identity-rejected"

    @rule()
    def withdraw(self) -> None:
        legal = self.state in {*BEFORE, "verified", "in-review"} and self.decision == "pending"
        if self.attempt(legal, rights.withdraw, self.case, actor=Requester(self.case.reference)):
            self.state = "withdrawn"

    @rule()
    def assign(self) -> None:
        if self.attempt(self.state not in ENDED, rights.assign, self.case, to="U-1", actor=self.odile):
            self.state = "in-review" if self.state == "verified" else self.state

    @rule()
    def grant(self) -> None:
        legal = self.state in {"verified", "in-review"} and self.decision == "pending"
        if self.attempt(legal, rights.grant, self.right(), actor=self.odile):
            self.state, self.decision, self.done = "decided", "granted", False

    @rule()
    def refuse(self) -> None:
        legal = self.state in {"verified", "in-review"} and self.decision == "pending"
        if self.attempt(legal, rights.refuse, self.right(), ground="life-or-body", actor=self.odile):
            self.state, self.decision = "notified", "refused"

    @rule()
    def carry_out(self) -> None:
        legal = self.decision == "granted" and not self.done
        if self.attempt(legal, rights.carry_out, self.right(), actor=self.odile):
            self.state, self.done = "notified", True

    @rule()
    def close(self) -> None:
        if self.attempt(self.state == "notified", rights.close_case, self.case, actor=self.odile):
            self.state = "closed"

    @rule()
    def object(self) -> None:
        legal = self.decision == "refused" and self.objection != "pending"
        requester = Requester(self.case.reference)
        if self.attempt(legal, rights.object_to, self.right(), statement="no", actor=requester):
            self.objection = "pending"

    @rule()
    def uphold(self) -> None:
        self.decide("upheld")

    @rule()
    def dismiss(self) -> None:
        self.decide("dismissed")

    def decide(self, outcome: str) -> None:
        newest = Objection.objects.filter(right__request=self.case).order_by("-received_at", "-id").first()
        if newest is None:
            return
        legal = self.objection == "pending"
        if self.attempt(legal, rights.decide_objection, newest, outcome=outcome, actor=self.omar):
            self.objection = outcome
            if outcome == "upheld":
                self.state, self.decision = "in-review", "pending"

    @invariant()
    def the_database_says_what_the_model_says(self) -> None:
        case, right = Request.objects.get(id=self.case.id), self.right()
        assert (case.state, right.decision) == (self.state, self.decision)
        if right.carried_out_at is not None:
            assert right.is_granted
            assert case.is_verified
        if case.state in {"withdrawn", "identity-rejected"}:
            assert right.started_at is None


@pytest.mark.asvs("2.3.1")
class OrderTests(PortalTestCase):
    def test_any_order_of_steps(self) -> None:
        run_state_machine_as_test(
            CaseMachine,
            settings=settings(
                max_examples=40,
                stateful_step_count=15,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                database=None,
            ),
        )
