"""Predicting what a published version destroys, once, before the first sweep after its publication."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.policies.models import PolicyVersion
from privacy.retention.events import Event
from privacy.retention.models import Prediction
from privacy.retention.models.predictions import digest_of
from privacy.retention.schedule.simulation.simulate import MONTHS, simulate

# What was published earlier, before there was a prediction or while the worker was away for longer, has none: said
# afterwards it would be none.
CATCH_UP = timedelta(days=3)


def predict_published(*, on: date, actor: Actor, at: datetime) -> int:
    """Predict each version that was published of late and has no prediction yet; return how many were made."""
    lately = PolicyVersion.objects.public().filter(published_at__gt=at - CATCH_UP, prediction=None)
    return sum(predict(version, on=on, actor=actor, at=at) is not None for version in lately)


def predict(
    version: PolicyVersion,
    *,
    on: date,
    months: int = MONTHS,
    moments: Sequence[datetime] | None = None,
    actor: Actor,
    at: datetime,
) -> Prediction | None:
    """Keep what the simulation says of a version from a day on; nothing where that is kept already.

    ``moments`` are those of the sweeps: without them each night's.
    """
    # As it is published, whatever the caller holds of it: a draft would take effect on another day.
    version = PolicyVersion.objects.get(pk=version.pk)
    simulation = simulate(version, on, months, moments=moments)
    figures = [
        [row.month.isoformat(), row.category, str(row.unit), one.people, one.months, one.records, one.archived]
        for row in simulation.rows
        if (one := row.then) and (one.people or one.months or one.records)
    ]
    with transaction.atomic():
        # Two at once: the second waits here and finds the first one's.
        held = PolicyVersion.objects.select_for_update().get(pk=version.pk)
        if Prediction.objects.filter(version=held).exists():
            return None
        row = Prediction(version=held, predicted_on=on, until=simulation.until, figures=figures, made_at=at)
        row.digest = digest_of(row)
        row.save(force_insert=True)
        facts = {"version": held.number, "digest": row.digest, "until": simulation.until.isoformat()}
        ledger.record(Event.PREDICTED, actor=actor, at=at, about=row, facts=facts)
    return row
