"""Tags of the console: where a page belongs, what stands on top of a record, and what happened to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django import template
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model
from django.db.models.options import Options
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from config import actor_names, event_descriptions
from config.navigation import NavigationGroup, group_of_model
from privacy.accounts.models import User
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.lib.display import badges
from privacy.lib.record_labels import about_label
from privacy.lib.registries import registers

register = template.Library()

# The fields that carry a record's deadline, the most binding first.
DUE_FIELDS = ("due_on", "execute_by", "destroy_by", "target_on")
# Kinds of badge (badges.KINDS) of a matter that no deadline presses any more.
SETTLED = {"done", "gone", "good", "no"}
TIMELINE = 30
# An id of ours inside a record's name: its beginning is the same for all that were made at one time.
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{6}([0-9a-f]{6})")


@register.simple_tag
def work(opts: Options[Any]) -> NavigationGroup:
    """Return the group of the navigation that a model belongs to."""
    return group_of_model(opts.app_label, str(opts.model_name))


@register.simple_tag
def files_of(opts: Options[Any], user: User | AnonymousUser) -> list[registers.Register]:
    """Return the registers that this person may take out from a model's list."""
    found = registers.registers_of_model(about_label(opts.model))
    return [one for one in found if user.is_authenticated and user.may(one.permission)]


@dataclass(frozen=True)
class Head:
    """What stands on top of a record's page."""

    state: SafeString | str
    due: SafeString | str


@register.simple_tag
def head(record: Model) -> Head:
    """Return the state and the due date of a record, from the fields that every app names alike."""
    state = getattr(record, "state", None)
    word = getattr(record, "get_state_display", lambda: state)()
    is_open = getattr(record, "is_open", None)
    settled = (badges.kind_of(state) in SETTLED if state else False) or is_open is False
    due_on = next((found for name in DUE_FIELDS if isinstance(found := getattr(record, name, None), date)), None)
    if isinstance(due_on, datetime):
        due_on = clock.kst_date(due_on)
    return Head(
        state=badges.state_badge(state, word) if state else "",
        due=badges.due_badge(due_on, clock.today(), settled=settled) if due_on else "",
    )


@dataclass(frozen=True)
class Happening:
    """One line of a timeline."""

    what: str
    word: str
    at: datetime
    who: str
    mark: str


@dataclass(frozen=True)
class Timeline:
    """The newest lines of what happened to a record, and whether earlier ones are left out."""

    lines: list[Happening]
    is_cut: bool = False


@register.simple_tag
def timeline(record: Model, user: User | AnonymousUser) -> Timeline:
    """Return what the audit trail says of a record, the newest first; it names accounts.

    People with a case to work on see its story here. The entries themselves (where from, whose data, for what purpose)
    are the auditor's, on the audit pages.
    """
    if not user.is_authenticated:
        return Timeline([])
    about = f"{about_label(record)}:{record.pk}"
    told = Entry.objects.about(about).order_by("-time", "-id").only("word", "time", "actor", "kind")
    found = list(told[: TIMELINE + 1])
    entries = found[:TIMELINE]
    known = actor_names.account_names(entry.actor for entry in entries)
    lines = [
        Happening(
            what=event_descriptions.describe_event(entry.word),
            word=entry.word,
            at=entry.time,
            who=actor_names.actor_name(entry.actor, known),
            mark={"denied": "bad", "read": "seen"}.get(entry.kind, ""),
        )
        for entry in entries
    ]
    return Timeline(lines, is_cut=len(found) > len(entries))


@register.simple_tag
def spoken(field: Any) -> str:
    """Return the language that a read-only field's text is written in, where that is not the page's: ``body_en``."""
    suffix = str(field.field["name"]).rpartition("_")[2]
    return suffix if suffix in ("ko", "en") else getattr(field.model_admin, "content_language", "")


@register.filter
def called(record: Model) -> str:
    """Return what the page of a record is headed with: its name, ids in it by their end."""
    if isinstance(record, Entry):
        return f"{event_descriptions.describe_event(record.word)} · {record.id}"
    return ID.sub(r"…\1", str(record))


@register.filter
def phrase(word: str) -> str:
    """Return a word of the ledger as people say it."""
    return event_descriptions.describe_event(word)


@register.filter
def who(ref: str) -> str:
    """Return an actor's reference as people read it."""
    return actor_names.actor_name(ref, actor_names.account_names([ref]))


@register.simple_tag
def nothing(model_admin: Any) -> str:
    """Return what an empty list says: the register's own hint, or a plain sentence."""
    return str(getattr(model_admin, "empty_hint", "") or _("Entries appear here automatically as work is done."))


@register.simple_tag
def verbs(model_admin: Any, record: Model, choices: Any) -> list[tuple[str, str]]:
    """Return the buttons of a record's page, as name and label: those its register offers in its present state."""
    allowed = {name: label for name, label in choices if name}
    offered = model_admin.buttons_for(record) if hasattr(model_admin, "buttons_for") else None
    return [(name, allowed[name]) for name in (allowed if offered is None else offered) if name in allowed]
