"""Which texts a legal representative decides about for a child."""

from datetime import datetime

from consents import actions as consents
from consents import consent_status
from consents.models import Agreement, AgreementVersion, CurrentConsent
from privacy.lib.dates import clock
from privacy.subjects.models import Subject


def texts_to_decide(person: Subject, *, at: datetime) -> list[AgreementVersion]:
    """Return the texts in force that need a consent and that no representative has agreed to, the required first.

    Those of an answer that was not recorded to its end are among them, so that it can be given again.
    Advertising is left out: it needs the recipient's own wish, and a child is not asked for it.
    """
    given = CurrentConsent.objects.of(person.id).agreed().filter(decision__by_representative=True)
    given = given.exclude(pk__in=consents.unfinished_consents(person))
    offered = (
        AgreementVersion.objects.offered(at)
        .select_related("agreement")
        .filter(agreement__kind=Agreement.Kind.COLLECTION)
        .exclude(agreement__in=given.values_list("agreement", flat=True))
        .order_by("-agreement__required", "agreement__position")
    )
    return [
        version
        for version in offered
        if not consent_status.basis_without_consent(version, clock.kst_date(at))
        and consents.refusal_to_agree(person, version.agreement) is None
    ]
