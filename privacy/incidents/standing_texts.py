"""Sentences that notices of incidents share, and that the law has them say (B-03, B-07)."""

from django.utils.translation import gettext as _


def suspicion(kind: str, *, is_access: bool = False) -> str:
    """Say what is suspected: an illegal access where one is on record, otherwise the kind of incident (B-07)."""
    if is_access:
        return _("Someone gained access illegally, and your personal information may have been affected.")
    return _("Your personal information may have been affected by an incident (%(kind)s).") % {"kind": kind}


def further_notice() -> str:
    """Say that more is told once a breach is confirmed (B-07)."""
    return _("If a breach is confirmed, we will tell you at once.")


def legal_rights_text() -> str:
    """Return the legal rights of PIPA 39, 39-2 and 43 and how to use them, the same in every notice (B-03)."""
    return "\n".join(
        (
            _("You may claim damages (Personal Information Protection Act, article 39) or statutory damages of up to "
              "three million won (article 39-2)."),
            _("To claim them, write to our privacy department or bring an action in court."),
            _("You may apply to the Personal Information Dispute Mediation Committee (article 43): 1833-6972, "
              "www.kopico.go.kr."),
        )
    )  # fmt: skip
