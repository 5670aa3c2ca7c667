"""Sentences that letters to requesters share, and that the law has some of them say."""

from django.utils.translation import gettext as _

from privacy.lib.http.people_url import people_url
from privacy.policies.models import Agency


def follow(link: str) -> str:
    """Say where a request is followed."""
    return _("Track your request with its number and code: %(link)s") % {"link": link}


def how_to_object(link: str) -> str:
    """Say how to object, which must be told with every refusal and postponement (law R-13, R-15)."""
    return _(
        "You can object to this decision on the status page, by telephone, by e-mail or in writing. Someone other "
        "than the person who decided will review it. Status page: %(link)s"
    ) % {"link": link}


def remedies(agencies: str) -> str:
    """Say who else helps."""
    return _("You can also contact: %(agencies)s.") % {"agencies": agencies}


def kept_apart() -> str:
    """Say that not all of it is deleted."""
    return _("What a law requires us to keep is moved to a separate archive instead.")


def may_reply() -> str:
    """Say that a mail can be answered, where the office reads replies."""
    return _(
        "You can also reply to this e-mail. Anyone who carries an e-mail can read it, so send personal data on the "
        "status page."
    )


def agencies() -> str:
    """Return the agencies that help, with their telephone numbers."""
    return ", ".join(f"{agency.name} {agency.phone}" for agency in Agency.objects.all())


def status_page() -> str:
    """Return the address where a request is followed, in the language that is active."""
    return f"{people_url()}/rights/case/"
