"""A reference that is taken is drawn anew: among a million it happens, and nobody is answered an error for it."""

from django.db import IntegrityError, transaction

from privacy.lib.identifiers.ids import new_reference, retry_on_reference_collision
from privacy.subjects.models import Subject
from tests import factory
from tests.base import PortalTestCase


class RedrawnTest(PortalTestCase):
    def setUp(self) -> None:
        self.taken = factory.make_mina().reference
        self.drawn: list[str] = []

    def drawing(self, *references: str) -> Subject:
        """Register somebody under the next of these references."""
        self.drawn.append(references[len(self.drawn)])
        with transaction.atomic():
            return Subject.objects.create(reference=self.drawn[-1], registered_at=factory.NOON)

    def test_a_taken_reference_is_drawn_anew(self) -> None:
        free = new_reference("S")
        made = retry_on_reference_collision(lambda: self.drawing(self.taken, self.taken, free))
        assert made.reference == free
        assert self.drawn == [self.taken, self.taken, free]

    def test_it_does_not_go_on_for_ever(self) -> None:
        with self.assertRaises(IntegrityError):
            retry_on_reference_collision(lambda: self.drawing(*[self.taken] * 10))
        assert len(self.drawn) == 3

    def test_another_conflict_is_told_at_once(self) -> None:
        held = Subject.objects.get()

        def again() -> Subject:
            self.drawn.append("")
            with transaction.atomic():
                return Subject.objects.create(id=held.id, registered_at=factory.NOON)

        with self.assertRaises(IntegrityError):
            retry_on_reference_collision(again)
        assert len(self.drawn) == 1
