"""The console's search: records by their number or reference in full, names of the office and recipients, pages, help.

No personal data of the people whose data is held is searched here: that takes a purpose and a record, on the registers
of devices and people (law S-28).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from config import guide
from config.templatetags.portal import door
from privacy.accounts.models import User
from privacy.disclosures.models import ThirdParty

LONGEST = 100
# What numbers and references are made of; anything else is a name or a word.
REFERENCE = re.compile(r"[A-Za-z0-9]{1,4}-[A-Za-z0-9-]{3,16}|\d{4}-\d{3,10}|\d[\d.]{0,30}")
FIELDS = ("reference", "number")
MOST = 20


@dataclass(frozen=True)
class Result:
    """One find: what it is, its name, where it is, and whether it is exactly what was asked for."""

    kind: str
    title: str
    url: str
    hint: str = ""
    is_exact: bool = False


def find(site: AdminSite, request: HttpRequest, asked: str) -> list[Result]:
    """Return what this account may open of what was asked for, exact finds first."""
    found = list(_records(site, request, asked.upper())) if REFERENCE.fullmatch(asked) else []
    return [*found, *_names(site, request, asked), *_registers(site, request, asked), *_help(asked)]


def by_kind(found: list[Result]) -> list[tuple[str, list[Result]]]:
    """Return the finds by kind, in the order in which each kind was found first."""
    return [
        (kind, [each for each in found if each.kind == kind]) for kind in dict.fromkeys(each.kind for each in found)
    ]


def _open_to(site: AdminSite, request: HttpRequest) -> Iterator[tuple[type[Model], QuerySet[Any]]]:
    """Yield the models whose register this account may see, with the records that it shows them."""
    for model, register in site._registry.items():
        if register.has_view_permission(request):
            yield model, register.get_queryset(request)


def _records(site: AdminSite, request: HttpRequest, asked: str) -> Iterator[Result]:
    for model, rows in _open_to(site, request):
        names = [name for name in FIELDS if _is_unique_text(model, name)]
        if not names:
            continue
        wanted = Q()
        for name in names:
            wanted |= Q(**{name: asked})
        # Only the key: what a record says is read on its page.
        for pk in rows.order_by().filter(wanted).values_list("pk", flat=True)[:MOST]:
            meta = model._meta
            url = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[pk])
            yield Result(str(meta.verbose_name), asked, url, is_exact=True)


def _is_unique_text(model: type[Model], name: str) -> bool:
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return bool(getattr(field, "unique", False)) and field.get_internal_type() == "CharField"


def _names(site: AdminSite, request: HttpRequest, asked: str) -> Iterator[Result]:
    opened = dict(_open_to(site, request))
    if User in opened:
        for user in opened[User].filter(name__icontains=asked).order_by("name")[:MOST]:
            url = reverse("admin:accounts_user_change", args=[user.pk])
            yield Result(str(User._meta.verbose_name), user.name, url, user.reference)
    if ThirdParty in opened:
        for party in opened[ThirdParty].filter(title__icontains=asked).order_by("title")[:MOST]:
            url = reverse("admin:disclosures_thirdparty_change", args=[party.pk])
            yield Result(str(ThirdParty._meta.verbose_name), party.title, url, party.reference)


def _registers(site: AdminSite, request: HttpRequest, asked: str) -> Iterator[Result]:
    for group in site.get_app_list(request):
        for entry in group["models"]:
            if asked.lower() in str(entry["name"]).lower() and entry["admin_url"]:
                yield Result(pgettext("noun", "Register"), str(entry["name"]), entry["admin_url"], str(group["name"]))


def _help(asked: str) -> Iterator[Result]:
    language = (get_language() or settings.LANGUAGE_CODE)[:2]
    for one in guide.GUIDES:
        for place, title in enumerate(guide.headings_of(one.code, language), start=1):
            if asked.lower() in title.lower():
                yield Result(_("Guide"), title, f"{door(f'guide/{one.code}/')}#part-{place}", str(one.name))
