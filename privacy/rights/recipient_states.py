"""How the recipients stand that a case's notices told: for its status page, its page in the console and its answer."""

from collections.abc import Collection
from datetime import date

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from consents.models import Decision
from privacy.disclosures import proof_states
from privacy.disclosures.models import Notice, ThirdParty
from privacy.disclosures.proof_states import RecipientState
from privacy.rights.models import Request, Right


def notices_of(case: Request) -> QuerySet[Notice]:
    """Return the notices that a case brought about; those of its withdrawals belong to the decisions."""
    found = Notice.objects.of_case(case.id)
    if case.subject_id is not None and case.rights.filter(kind=Right.Kind.CONSENT_WITHDRAWAL).exists():
        decided = Decision.objects.filter(
            subject_id__in=case.people.values("subject_id"),
            choice=Decision.Choice.WITHDRAW,
            recorded_at__gte=case.received_at,
        )
        found = found | Notice.objects.filter(case_id__in=decided.values("id"))
    return found


def states_of(case: Request, *, on: date) -> list[RecipientState]:
    """Return each recipient's state for the person; nothing before the identity is verified.

    That an investigative agency holds something is not told here (law P-12): the copy tells what may be told of it.
    """
    if not case.is_verified:
        return []
    told = notices_of(case).exclude(third_party__kind=ThirdParty.Kind.INVESTIGATOR)
    return proof_states.told(told.select_related("third_party", "proof").order_by("third_party__title", "id"), on=on)


def asked(notices: Collection[Notice]) -> list[str]:
    """Return the codes of the recipients that were just asked for a proof, as an answer keeps them."""
    parties = ThirdParty.objects.filter(notices__in=[notice.id for notice in notices])
    return sorted(set(parties.exclude(kind=ThirdParty.Kind.INVESTIGATOR).values_list("code", flat=True)))


def answer_line(right: Right) -> str:
    """Return what an answer says of the recipients that had proven nothing when it was written."""
    codes = right.result.get("recipients_asked")
    if not codes:
        return ""
    names = ThirdParty.objects.filter(code__in=codes).order_by("title").values_list("title", flat=True)
    return _(
        "We told these recipients and asked each to prove the correction: %(names)s. Your status page shows the state "
        "of each."
    ) % {"names": ", ".join(names)}
