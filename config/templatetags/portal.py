"""Tags of the look: doors and languages, states and deadlines. ``docs/look.md`` lists them with examples."""

from datetime import date, datetime
from typing import Any

from django import template
from django.conf import settings
from django.db import DatabaseError
from django.template.context import Context
from django.urls import Resolver404, get_script_prefix, resolve, translate_url
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import get_language, override

from privacy.accounts.roles import ROLE_NAMES
from privacy.ledger import request_context
from privacy.lib.dates import clock
from privacy.lib.display import badges, display_names
from privacy.lib.http import guest_session
from privacy.lib.registries import registers
from privacy.policies.models import Officer

register = template.Library()

# A language's own name: somebody who can't read this page still finds the way.
OWN_NAMES = {"ko": "한국어", "en": "English"}


@register.simple_tag(takes_context=True)
def watermark(context: Context) -> str:
    """Return who prints this page, when and in which request: what the trail calls this opening (law S-27)."""
    user = getattr(context.get("request"), "user", None)
    reference = getattr(user, "reference", "")
    return registers.watermark(reference, clock.now(), request_context.current().request_id) if reference else ""


@register.simple_tag(takes_context=True)
def empties_after(context: Context) -> int:
    """Return the seconds without a touch after which a page of somebody's own is emptied; 0 for every other page.

    They are those of the session behind it (ASVS 14.3.1); the script that empties it is called closing.
    """
    request = context.get("request")
    if request is None or settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return 0
    if request.user.is_authenticated:
        return int(settings.IDLE_SECONDS_CONSOLE if request.user.is_staff else settings.IDLE_SECONDS)
    return int(guest_session.SESSION_LIFETIME.total_seconds()) if guest_session.is_open(request, at=clock.now()) else 0


@register.simple_tag
def door(path: str) -> str:
    """Return the address of a page of the portal in the language of this page, or nothing where there is no such page.

    ``path`` is one of the addresses people rely on (``policy/``), so that a menu needs no names of other apps' views.
    """
    language = get_language() or settings.LANGUAGE_CODE
    prefixes = ["" if language == settings.LANGUAGE_CODE else f"{language}/", ""]
    for prefix in dict.fromkeys(prefixes):
        address = f"{get_script_prefix()}{prefix}{path}"
        try:
            resolve(address)
        except Resolver404:
            continue
        return address
    return ""


@register.simple_tag(takes_context=True)
def languages(context: Context) -> list[dict[str, Any]]:
    """Return the languages with the address of this same page in each: ``code``, ``name``, ``url``, ``current``."""
    request = context.get("request")
    current = get_language() or settings.LANGUAGE_CODE
    path = request.get_full_path() if request else get_script_prefix()
    found = []
    for code, _name in settings.LANGUAGES:
        url = translate_url(path, code)
        if url == path and code != current:
            with override(code):
                url = door("")
        found.append({"code": code, "name": OWN_NAMES.get(code, code), "url": url, "current": code == current})
    return found


@register.simple_tag
def badge(word: object, kind: str = "active") -> SafeString:
    """``{% badge "Frozen" "frozen" %}``"""
    return badges.badge(word, kind)


@register.simple_tag
def state(record: Any, field: str = "state") -> SafeString | str:
    """Return the badge of a record's state: its own word, shaped by its code."""
    value = getattr(record, field, None)
    if value in (None, ""):
        return ""
    display = getattr(record, f"get_{field}_display", None)
    return badges.state_badge(value, display() if display else value)


@register.simple_tag
def due(due_on: date | None, settled: bool = False) -> SafeString | str:
    """``{% due case.due_on %}``: days left and the date; ``settled=True`` leaves the date alone."""
    return badges.due_badge(due_on, clock.today(), settled=settled) if due_on else ""


@register.filter
def day(value: date | datetime | None) -> str:
    """Return a calendar day with its weekday; a moment becomes its day in Korea."""
    if not value:
        return ""
    return badges.date_text(clock.kst_date(value) if isinstance(value, datetime) else value)


@register.filter
def grouped(value: int | None) -> str:
    """Return a number as people write it, in groups: 1,000,000."""
    return "" if value is None else number_format(value, use_l10n=True, force_grouping=True)


@register.filter
def moment(value: datetime | None) -> str:
    """Return a moment in Korean time, with weekday, to the minute."""
    return badges.datetime_text(value) if value else ""


@register.filter
def role(code: str) -> str:
    """Return a role as people call it."""
    return str(ROLE_NAMES.get(code, code))


@register.filter
def named(code: str, kind: str) -> str:
    """``{{ grant.category|named:"category" }}``: the name of a category, purpose or item."""
    return display_names.display_name(kind, code, on=clock.today()) if kind in display_names.KINDS else code


@register.simple_tag
def protection_officer() -> Officer | None:
    """Return who is designated as protection officer today (P2.1), or nothing where the database gives no answer."""
    try:
        return Officer.objects.on(clock.today())
    except DatabaseError:
        return None
