"""What an answer says of the copy that an access hands over, and of its cost (F-2)."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from privacy.lib.dates import clock
from privacy.lib.display.badges import datetime_text
from privacy.policies import rulebook
from privacy.rights import right_scope, standing_texts
from privacy.rights.models import Package, Request, Right


def rows(case: Request, *, at: datetime) -> list[tuple[str, str]]:
    """In what form, by which way, when and where an access is given (F-2), or what became of the copy.

    A later result, as after an objection, tells of a copy that may have been fetched or be gone.
    """
    package = Package.objects.filter(right__request=case).select_related("right").order_by("-built_at").first()
    if package is None:
        return []
    if package.downloaded_at is not None:
        way = _("downloaded on %(when)s") % {"when": datetime_text(package.downloaded_at)}
    elif package.can_be_downloaded(at=at):
        until = _until(case, package, at=at)
        way = _("download on the status page: %(link)s") % {"link": standing_texts.status_page()} + "\n" + until
    else:
        ended = min(package.expires_at, package.removed_at or package.expires_at)
        way = _("the download ended on %(when)s; ask for access again to get another copy") % {
            "when": datetime_text(ended)
        }
    return [
        (_("Information you can access"), _accessible(package.right)),
        (_("Form of access"), _("electronic file (copy)")),
        (_("Method, place and time"), way),
    ]


def _accessible(right: Right) -> str:
    """Return which of the five that an access is to are given (DEC 41(1)); what one leaves out, the decision says."""
    given = right_scope.scope_of(right) - set(right.excluded)
    return ", ".join(str(part.label) for part in Right.Scope if part.value in given)


def _until(case: Request, package: Package, *, at: datetime) -> str:
    """Until when a copy can be fetched: a moment on the status page; a sent answer counts from when it goes out."""
    if case.answer_by == Request.Answer.PORTAL:
        return _("until %(when)s, once, after a second proof of identity") % {"when": datetime_text(package.expires_at)}
    hours = rulebook.parameter("rights.package.hours", clock.kst_date(at))
    return ngettext(
        "within %(hours)d hour of this answer being sent, once, after a second proof of identity",
        "within %(hours)d hours of this answer being sent, once, after a second proof of identity",
        hours,
    ) % {"hours": hours}


def fee(case: Request) -> str:
    """Return what the answer costs (law R-28)."""
    if not (case.fee_won or case.postage_won):
        return _("none")
    amounts = {"fee": case.fee_won, "postage": case.postage_won, "total": case.fee_won + case.postage_won}
    return _("fee %(fee)d won, postage %(postage)d won, total %(total)d won") % amounts
