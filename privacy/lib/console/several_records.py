"""Acting on several records of a list at once: what was done is counted, and what was refused is told once with why."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import ngettext

from privacy.lib.errors import constraint_messages
from privacy.lib.errors.refusals import Refusal


def act_on_each(
    request: HttpRequest,
    records: Iterable[Any],
    verb: Callable[[Any], object],
    *,
    done: Callable[[int], str],
    left: Callable[[int, str], str],
) -> int:
    """Call the verb for each record; ``done`` says how many it took, ``left`` how many it refused for one reason.

    Each is a transaction of its own: one that is refused keeps no other from it. Returns how many were done.
    """
    acted, refused = 0, Counter[str]()
    for record in records:
        try:
            verb(record)
        except (Refusal, IntegrityError) as error:
            refused[str(constraint_messages.as_refusal(error))] += 1
        else:
            acted += 1
    if acted:
        messages.success(request, done(acted))
    for why, count in refused.items():
        messages.warning(request, left(count, why))
    return acted


def remind_each(request: HttpRequest, records: Iterable[Any], remind: Callable[..., object], *, page: str) -> None:
    """Call ``remind`` for each record with the ``path`` of its page in the console, and say how it went."""
    act_on_each(
        request,
        records,
        lambda record: remind(record, path=reverse(page, args=[record.pk])),
        done=told_reminded,
        left=told_left,
    )


def told_reminded(count: int) -> str:
    """Say how many reminders go out."""
    return ngettext("%(count)d reminder is being sent.", "%(count)d reminders are being sent.", count) % {
        "count": count
    }


def told_left(count: int, why: str) -> str:
    """Say how many records were left as they are, and why."""
    told = ngettext("%(count)d was left as it is: %(why)s", "%(count)d were left as they are: %(why)s", count)
    return told % {"count": count, "why": why}
