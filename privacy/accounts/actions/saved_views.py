"""Saving a list of the console as it is narrowed, for oneself or for colleagues."""

import re
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.events import Event
from privacy.accounts.models import SavedView, User
from privacy.ledger import actions as ledger
from privacy.ledger.authorization import require_permission
from privacy.lib.errors.refusals import Refusal

# What a name may not hold: an address, or so many digits as identify a person or a device.
ADDRESS, NUMBER = re.compile(r"\S@\S"), re.compile(r"(?:\d[\W_]{0,3}){6,}")
MOST = 30
MAX_QUERY = SavedView._meta.get_field("query").max_length or 0


class PersonalName(Refusal):
    """The name of a view would show somebody's data to everybody who sees the list."""

    code = "personal-data"
    pointer = "/title"


class TooManyViews(Refusal):
    """Nobody finds one among so many."""

    code = "too-many"
    pointer = "/title"


class TooManyFilters(Refusal):
    """More is chosen than a view can hold."""

    code = "too-many-filters"


class NameTaken(Refusal):
    """Two views of one list with the same name can't be told apart."""

    code = "name-taken"
    pointer = "/title"


def save_view(
    *, register: str, permission: str, title: str, query: str, is_shared: bool, actor: User, at: datetime
) -> SavedView:
    """Keep filters and order of a list, by the label of its model.

    Raises NotPermitted, PersonalName, NameTaken, TooManyFilters, TooManyViews.
    """
    require_permission(actor, permission, about=("list", register))
    title = title.strip()
    if ADDRESS.search(title) or NUMBER.search(title):
        raise PersonalName(_("A view's name must not contain an e-mail address or a long number. Choose another name."))
    if len(query) > MAX_QUERY:
        raise TooManyFilters(_("Too many filters are chosen at once. Choose fewer, then save the view."))
    with transaction.atomic():
        own = SavedView.objects.filter(owner=actor, register=register, removed_at=None)
        if own.filter(title=title).exists():
            raise NameTaken(_("You already have a view with this name in this list."))
        if own.count() >= MOST:
            raise TooManyViews(_("You have %(most)d views of this list. Remove one first.") % {"most": MOST})
        made = SavedView.objects.create(
            owner=actor, register=register, title=title, query=query, is_shared=is_shared, made_at=at
        )
        facts = {"register": register, "shared": is_shared}
        ledger.record(Event.VIEW_SAVED, actor=actor, at=at, about=made, facts=facts)
    return made


def remove_view(view: SavedView, *, actor: User, at: datetime) -> None:
    """Take one's own view away; a shared one disappears for everybody. What is gone already stays so."""
    with transaction.atomic():
        found = SavedView.objects.select_for_update().filter(pk=view.pk, owner=actor, removed_at=None).first()
        if found is None:
            return
        found.removed_at = at
        found.save(update_fields=["removed_at"])
        ledger.record(Event.VIEW_REMOVED, actor=actor, at=at, about=found, facts={"register": found.register})
