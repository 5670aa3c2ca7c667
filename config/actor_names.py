"""Actors of the ledger as people read them."""

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from privacy.lib.display import display_names


def account_names(refs: Iterable[str]) -> dict[str, str]:
    """Return the names of the accounts behind references, in one question."""
    return display_names.display_names_of("account", {ref for ref in refs if ref.startswith("U-")})


def actor_name(ref: str, known: Mapping[str, str]) -> str:
    """Return an actor by name; who has none by the reference, the portal's own jobs by their work."""
    if ref.startswith("system:"):
        return _("the portal (%(job)s)") % {"job": ref.removeprefix("system:").replace("-", " ")}
    return known.get(ref, ref)
