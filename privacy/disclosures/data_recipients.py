"""Who receives personal information regularly, as the policy has to name them (law V-01, V-08, P-06).

A third party is named once people can agree to the provision: the published text of that agreement says what for, which
items and for how long. Single provisions to authorities by law stand in the register, not in the policy.
"""

from collections.abc import Iterator
from datetime import date

from consents.models import AgreementVersion
from privacy.disclosures.models import ThirdParty
from privacy.lib.dates import periods
from privacy.policies.data_recipients import DataRecipient


def named_in_policy(on: date) -> list[DataRecipient]:
    """Return the recipients that the policy names on a day."""
    return list(_named(on))


def _named(on: date) -> Iterator[DataRecipient]:
    active = {party.code: party for party in ThirdParty.objects.active(at=periods.end_of_day(on))}
    texts = AgreementVersion.objects.published().exclude(agreement__recipient="").select_related("agreement")
    for text in texts.filter(agreement__recipient__in=list(active)).order_by("agreement__recipient"):
        party = active[text.agreement.recipient]
        yield DataRecipient(
            code=party.code,
            name_ko=party.title,
            name_en=party.title,
            purpose_ko=text.purpose_ko,
            purpose_en=text.purpose_en,
            items=tuple(text.item_codes),
            until_ko=text.retention_ko,
            until_en=text.retention_en,
        )
