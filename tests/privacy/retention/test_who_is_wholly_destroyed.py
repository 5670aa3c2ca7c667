"""Whoever is marked as destroyed has no key left, by the policy of the day; told slice by slice, however many."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest

from privacy.policies import rulebook
from privacy.policies.rulebook import Rulebook
from privacy.retention.actions.destruction import subject_strategy
from privacy.subjects import actions as subjects
from privacy.subjects.models import Subject
from privacy.vault.models import SubjectKey
from tests.base import PortalTestCase
from tests.factory import carry_out_all, make_expired_device, sweep_on

ENDED, DUE = date(2024, 5, 15), date(2026, 5, 16)
LATER = "service-diagnostics"


@pytest.mark.truth("hunt")
class WhollyDestroyedTests(PortalTestCase):
    def test_who_has_data_of_a_category_that_came_after_the_proposal_is_not_said_to_be_destroyed(self) -> None:
        one, other = (make_expired_device(number, ended_on=ENDED) for number in (1, 2))
        run = sweep_on(DUE)
        key = SubjectKey.objects.filter(subject_id=one.subject_id).first()
        assert key is not None
        key.pk, key.category = None, LATER
        key._state.adding = True
        key.save(force_insert=True)
        today = rulebook.in_force

        def with_a_version_since(on: date) -> Rulebook:
            rules = today(on)
            if on <= DUE:
                return rules
            added = replace(rules.categories["app-log"], code=LATER)
            return replace(rules, categories=MappingProxyType({**rules.categories, LATER: added}))

        with patch.object(rulebook, "in_force", with_a_version_since):
            carry_out_all(run)
        states = dict(Subject.objects.values_list("id", "state"))
        assert states[other.subject_id] == "destroyed"
        assert states[one.subject_id] != "destroyed", "a key of hers is left"

    def test_they_are_marked_as_they_are_found_and_not_all_kept_in_memory(self) -> None:
        for number in (1, 2, 3):
            make_expired_device(number, ended_on=ENDED)
        run, order = sweep_on(DUE), []
        look, mark = subject_strategy._without_keys, subjects.mark_destroyed

        def looked(people: Sequence[UUID], *args: Any) -> list[UUID]:
            order.append("looked")
            return look(people, *args)

        def marked(people: Sequence[UUID], **who: Any) -> int:
            order.append("marked")
            return mark(people, **who)

        with (
            patch.object(subject_strategy, "BATCH_SIZE", 1),
            patch.object(subject_strategy, "_without_keys", looked),
            patch.object(subjects, "mark_destroyed", marked),
        ):
            carry_out_all(run, at=None)
        assert order == ["looked", "marked"] * 3
        assert set(Subject.objects.values_list("state", flat=True)) == {"destroyed"}
