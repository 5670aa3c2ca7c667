"""What people are told before they decide about a text (law C-01)."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consents.models import NOTICES, AgreementVersion

NOTICE_TITLES: dict[str, Any] = {
    "recipient": gettext_lazy("Recipient and purpose of use"),
    "purpose": gettext_lazy("Purpose"),
    "items": gettext_lazy("Items"),
    "retention": gettext_lazy("Retention and use period"),
    "refusal": gettext_lazy("Your right to refuse, and what refusing means"),
}


def told_of(version: AgreementVersion, *, asked: bool = True) -> list[tuple[Any, str]]:
    """Return what a person is told before deciding (law C-01); of a provision, first who receives it (law P-02).

    Where nobody is ``asked``, nobody can refuse (C-06).
    """
    told = ("recipient", *NOTICES) if version.spoken("recipient").strip() else NOTICES
    return [(NOTICE_TITLES[notice], version.spoken(notice)) for notice in told if asked or notice != "refusal"]


def told_texts(versions: Iterable[AgreementVersion]) -> str:
    """Return texts as an e-mail shows them, in the active language: whether required, and what a person is told."""
    told = []
    for version in versions:
        required = _("required") if version.agreement.required else _("optional")
        notices = [f"- {title}: {text}" for title, text in told_of(version)]
        told.append("\n".join([f"{version.title} ({required})", version.body, *notices]))
    return "\n\n".join(told)
