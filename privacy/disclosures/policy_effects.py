"""Which recipients a coming version of the policy leaves without a basis for what they are given; reads only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from consents.models import Agreement, AgreementVersion, CurrentConsent
from privacy.disclosures import legal_basis
from privacy.disclosures.models import ThirdParty
from privacy.lib.dates import periods
from privacy.lib.display import display_names
from privacy.policies import policy_document, rulebook
from privacy.policies.models import PolicyVersion


@dataclass(frozen=True)
class LostBasis:
    """A recipient, the items of its agreement that may no longer be given to it, and how many people agree now."""

    party: ThirdParty
    undeclared: list[str]
    unnamed: list[str]
    people: int


def context(version: PolicyVersion, on: date) -> Mapping[str, Any]:
    """Return what the version's preview shows of recipients."""
    return {"recipients": recipients_without_basis(version, on)}


def recipients_without_basis(version: PolicyVersion, on: date) -> list[LostBasis]:
    """Return the recipients to whom the version no longer lets the office give what people agreed to.

    An item that the version does not declare may be given to nobody; one that its text does not name for the recipient
    needs a law (``legal_basis``). What a law demands needs no word of the policy.
    """
    declared = {item for category in rulebook.read(version).categories.values() for item in category.items}
    document = version.document or policy_document.compose(version, on)
    active = {party.code: party for party in ThirdParty.objects.active(at=periods.end_of_day(on))}
    texts = AgreementVersion.objects.published().filter(agreement__kind=Agreement.Kind.PROVISION)
    lost = []
    for text in texts.filter(agreement__recipient__in=sorted(active)).select_related("agreement"):
        party, items = active[text.agreement.recipient], set(text.item_codes)
        undeclared = items - declared
        unnamed = items - undeclared - legal_basis.items_named_for(document, party.code)
        if undeclared or unnamed:
            agreeing = CurrentConsent.objects.agreed().of_registered().filter(agreement=text.agreement)
            lost.append(LostBasis(party, _names(undeclared, on), _names(unnamed, on), agreeing.count()))
    return sorted(lost, key=lambda one: one.party.title)


def _names(items: set[str], on: date) -> list[str]:
    return [display_names.display_name("item", item, on=on) for item in sorted(items)]
