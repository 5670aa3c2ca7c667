"""The example data is loaded whole also where an earlier start was broken off."""

from collections.abc import Iterator

import pytest
from django.utils import timezone

from config.demonstration import example_data, example_safeguards
from config.demonstration.example_accounts import make_people, shorten_waits
from config.demonstration.example_recipients import CARRIER
from privacy.lib.documents import pdf
from privacy.policies import actions as policies
from privacy.policies.models import PolicyVersion
from privacy.safeguards.models import ManagementPlan, Measure
from tests.database import PortalDatabase


class BrokenOff(Exception):
    """The start ended here."""


def load_until(step: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Load until a step that is not reached."""

    def ends(*_given: object, **_named: object) -> None:
        raise BrokenOff

    monkeypatch.setattr(example_data, step, ends)
    return example_data.load_examples("http://127.0.0.1:1")


@pytest.mark.truth("demo-broken-off")
def test_a_start_that_was_broken_off_is_made_good_by_the_next(
    portal_database: PortalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _start in range(2):
        with pytest.raises(BrokenOff):
            list(load_until("register_device", monkeypatch))
    named = {"reason_ko": CARRIER.reason_ko, "reason_en": CARRIER.reason_en}
    assert PolicyVersion.objects.filter(**named).count() == 1


@pytest.mark.truth("demo-broken-off")
def test_safeguards_are_loaded_whole_or_not_at_all(
    portal_database: PortalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = timezone.now()
    policies.record_shipped_seals(actor=example_data.DEMO, at=at)
    shorten_waits(at)
    people = make_people(at)

    def fails(*_given: object, **_named: object) -> bytes:
        raise BrokenOff

    with monkeypatch.context() as broken, pytest.raises(BrokenOff):
        broken.setattr(pdf, "render", fails)
        example_safeguards.load_safeguards(people, at)
    assert not ManagementPlan.objects.exists() and not Measure.objects.exists()
    assert example_safeguards.load_safeguards(people, at)[-1] == "an annual report"
    assert example_safeguards.load_safeguards(people, at) == []
