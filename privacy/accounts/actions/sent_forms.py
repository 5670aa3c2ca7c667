"""A form of the console that is sent twice makes one record."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Model

from privacy.accounts.models import SentForm
from privacy.ledger.actors import Actor
from privacy.lib.http.form_submissions import bind_nonce
from privacy.lib.record_labels import about_label


def make_once(
    model: type[Model],
    submission: str,
    content: Sequence[Any],
    make: Callable[[], Model],
    *,
    actor: Actor,
    at: datetime,
) -> Model:
    """Return what ``make`` makes; where this person has sent this very form already, the record that it made then.

    ``submission`` is the mark of one showing of the form; with other ``content`` it is another sending. Of two at the
    same moment the second waits at the key of the first. What ``make`` refuses leaves the form to be sent again.
    """
    digest = _digest(model, submission, content, actor)
    with transaction.atomic():
        sent, is_first = SentForm.objects.get_or_create(digest=digest, defaults={"sent_at": at})
        if not is_first:
            return model._base_manager.get(pk=sent.record_id)
        made = make()
        sent.record_id = made.pk
        sent.save(update_fields=["record_id"])
    return made


def made_before(model: type[Model], submission: str, content: Sequence[Any], *, actor: Actor) -> Model | None:
    """Return the record that this person made by sending this very form already, or None.

    For a form that is refused now because of that record: what it names is taken.
    """
    sent = SentForm.objects.filter(digest=_digest(model, submission, content, actor)).first()
    return None if sent is None else model._base_manager.filter(pk=sent.record_id).first()


def _digest(model: type[Model], submission: str, content: Sequence[Any], actor: Actor) -> str:
    return bind_nonce(f"console.{about_label(model)}", submission, [actor.ref, content])
