"""What buttons of records share: to ask and call a verb as the account that pressed, and to hand a paper out."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import ReadOnlyAdmin, run_action
from privacy.lib.dates import clock
from privacy.lib.documents import upload_validation
from privacy.lib.http.downloads import attachment

type Page = HttpResponse | None


def pressed(
    modeladmin: ReadOnlyAdmin,
    request: HttpRequest,
    queryset: QuerySet[Any],
    verb: Any,
    *,
    title: object,
    consequences: list[object],
    success: object,
    **options: Any,
) -> Page:
    """Ask for what a verb needs, call it on the record, and say how it went."""
    answers = confirm_action(
        modeladmin, request, queryset, title=title, verb=title, consequences=consequences, **options
    )
    if isinstance(answers, TemplateResponse):
        return answers
    act = partial(verb, queryset.get(), actor=actor_of(request), at=clock.now(), **answers)
    run_action(modeladmin, request, act, success)
    return None


def hand_out_paper(
    modeladmin: ReadOnlyAdmin, request: HttpRequest, verb: Callable[..., tuple[bytes, str]], *, name: str
) -> Page:
    """Hand out the paper that a verb opens on record; it returns the content with its media type."""
    papers: list[tuple[bytes, str]] = []
    opening = lambda: papers.append(verb(actor=actor_of(request), at=clock.now()))  # noqa: E731
    if not run_action(modeladmin, request, opening, _("The document was opened, and this was recorded.")):
        return None
    content, media_type = papers[0]
    return attachment(content, media_type=media_type, name=f"{name}.{upload_validation.EXTENSIONS[media_type]}")
