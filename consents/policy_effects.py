"""Which agreements a coming version of the policy makes untrue, so that the office asks anew (law C-09); reads only."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from consents.models import Agreement, AgreementVersion, CurrentConsent
from privacy.policies import rulebook
from privacy.policies.models import PolicyVersion
from privacy.policies.models.localized_fields import in_language
from privacy.policies.rulebook import DeclaredCategory, Rulebook


@dataclass(frozen=True)
class AffectedAgreement:
    """An agreement whose published text a version makes untrue, why, and how many people agree to it now."""

    text: AgreementVersion
    reasons: list[str]
    people: int


def context(version: PolicyVersion, on: date) -> Mapping[str, Any]:
    """Return what the version's preview shows of agreements."""
    return {"agreements": agreements_to_ask_anew(version, on)}


def agreements_to_ask_anew(version: PolicyVersion, on: date) -> list[AffectedAgreement]:
    """Return the agreements to collection of which the version changes what their text has told, with the reasons."""
    before, after = rulebook.in_force(on), rulebook.read(version)
    texts = AgreementVersion.objects.published().filter(agreement__kind=Agreement.Kind.COLLECTION)
    found = []
    for text in texts.select_related("agreement").order_by("agreement__position", "agreement__code"):
        if reasons := [reason for code in text.agreement.categories for reason in _reasons(before, after, code)]:
            agreeing = CurrentConsent.objects.agreed().of_registered().filter(agreement=text.agreement)
            found.append(AffectedAgreement(text, reasons, agreeing.count()))
    return found


def _reasons(before: Rulebook, after: Rulebook, code: str) -> Iterator[str]:
    old, new = before.categories.get(code), after.categories.get(code)
    if old is None and new is None:
        return
    words = {"category": in_language(old or new, "name")}
    if new is None:
        yield _("%(category)s: no longer collected") % words
    elif old is None or new.needs_no_consent() != old.needs_no_consent():
        is_asked = not new.needs_no_consent()
        yield (
            _("%(category)s: now based on consent") if is_asked else _("%(category)s: no longer based on consent")
        ) % words
    elif not new.needs_no_consent():
        yield from (sentence % words for sentence in _told_otherwise(old, new))


def _told_otherwise(old: DeclaredCategory, new: DeclaredCategory) -> Iterator[str]:
    """Yield which of the notices of an agreement (law C-01) differ."""
    if old.items.keys() != new.items.keys():
        yield _("%(category)s: other items")
    if old.purposes != new.purposes:
        yield _("%(category)s: other purposes")
    terms = [rule and (rule.clock, rule.years, rule.months) for rule in (old.retention, new.retention)]
    if terms[0] != terms[1]:
        yield _("%(category)s: another retention period")
