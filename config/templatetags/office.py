"""Tags of the console: where a page belongs, what stands on top of a record, and what happened to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django import template
from django.conf import settings
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model
from django.db.models.options import Options
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from config import actor_names, event_descriptions, guide
from config.list_views import may_leave, query_of
from config.navigation import NavigationGroup, group_of_model
from config.templatetags.portal import door
from config.templatetags.second_person import withheld
from privacy.accounts.models import SavedView, User
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


@dataclass(frozen=True)
class GuidePart:
    """What the guide says of the work that a page belongs to."""

    title: str
    text: SafeString
    url: str


@register.simple_tag
def why_and_next(opts: Options[Any]) -> GuidePart | None:
    """Return the part of a guide that says why this work is done and what comes next, in the language of the page."""
    place = work(opts).guide
    if place is None:
        return None
    code, number = place
    language = (get_language() or settings.LANGUAGE_CODE)[:2]
    title = guide.headings_of(code, language)[number - 1]
    return GuidePart(title, guide.part_of(code, number, language), f"{door(f'guide/{code}/')}#part-{number}")


@register.simple_tag
def files_of(opts: Options[Any], user: User | AnonymousUser) -> list[registers.Register]:
    """Return the registers that this person may take out from a model's list."""
    found = registers.registers_of_model(about_label(opts.model))
    return [one for one in found if user.is_authenticated and user.may(one.permission)]


@register.simple_tag
def list_leaves(opts: Options[Any], user: User | AnonymousUser) -> bool:
    """Whether this person may take a model's list out as a file."""
    return isinstance(user, User) and may_leave(about_label(opts.model), user)


@dataclass(frozen=True)
class Views:
    """The saved views of a list: which of them is shown, and the filters of the page as they would be saved."""

    found: list[SavedView]
    query: str
    shown: SavedView | None


@register.simple_tag
def views_of(listing: ChangeList, user: User | AnonymousUser) -> Views:
    """Return the views of a list that this person sees, their own first."""
    query = query_of(listing)
    if not isinstance(user, User):
        return Views([], query, None)
    found = list(SavedView.objects.of_register(about_label(listing.model), user=user))
    shown = next((one for one in found if one.query == query and query), None)
    return Views(found, query, shown)


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
def here(group: dict[str, Any], path: str) -> bool:
    """Whether a page belongs to a group of the navigation."""
    return any(entry["admin_url"] and path.startswith(entry["admin_url"]) for entry in group["models"])


@register.simple_tag
def nothing(model_admin: Any) -> str:
    """Return what an empty list says: the register's own hint, or a plain sentence."""
    return str(getattr(model_admin, "empty_hint", "") or _("Entries appear here automatically as work is done."))


# What a field shows that has nothing to say.
NOTHING = {"", "-", "–", "None"}


@dataclass(frozen=True)
class FieldLine:
    """A line of a record's page: its fields, with what those that are only read say."""

    fields: list[tuple[Any, Any]]
    is_visible: bool


@register.simple_tag
def told(fieldset: Any) -> list[FieldLine]:
    """Return the lines of a group of fields; what is only read and says nothing is left out."""
    lines = []
    for line in fieldset:
        fields = [(field, field.contents() if field.is_readonly else "") for field in line]
        said = [(field, text) for field, text in fields if not field.is_readonly or str(text).strip() not in NOTHING]
        if said:
            lines.append(FieldLine(said, line.has_visible_field))
    return lines


# So many buttons stand beside each other; one or two more are not worth a menu.
SHOWN_BUTTONS, AT_MOST = 3, 4


@dataclass(frozen=True)
class Buttons:
    """The buttons of a record's page, as name and label: the next step, what is often used, and the rest in a menu."""

    shown: list[tuple[str, str]]
    more: list[tuple[str, str]]
    next_step: str


@register.simple_tag
def verbs(model_admin: Any, record: Model, choices: Any, user: User) -> Buttons:
    """Return the buttons that a record's register offers in its present state, the next step first."""
    allowed = {name: label for name, label in choices if name}
    offered = model_admin.buttons_for(record) if hasattr(model_admin, "buttons_for") else None
    hidden = withheld(model_admin, record, user)
    names = [name for name in (allowed if offered is None else offered) if name not in hidden]
    found = [(name, allowed[name]) for name in names if name in allowed]
    many = len(found) > AT_MOST
    first = found[0][0] if found and offered is not None and len(found) > 1 else ""
    return Buttons(found[:SHOWN_BUTTONS] if many else found, found[SHOWN_BUTTONS:] if many else [], first)
