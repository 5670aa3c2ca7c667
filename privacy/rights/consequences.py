"""What will happen when a right is granted and carried out, in sentences, from what the verbs themselves ask."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from consents.models import Decision
from privacy.disclosures import actions as disclosures
from privacy.disclosures.models import DisclosedItem
from privacy.lib.dates import clock
from privacy.lib.display import display_names
from privacy.lib.display.badges import datetime_text
from privacy.retention import actions as retention
from privacy.rights import data_sources, right_scope
from privacy.rights.actions import deletions
from privacy.rights.actions.cases import people_of
from privacy.rights.models import AUTOMATED, Right
from privacy.subjects import holdings


def consequences_of(right: Right, *, at: datetime) -> list[str]:
    """Return what granting and carrying out this right does. Of a case whose identity is verified."""
    people = people_of(right.request)
    if not people:
        return [_("We hold nothing about this person, so the answer says so and nothing changes.")]
    if right.kind == Right.Kind.CORRECTION:
        names = sorted(
            {
                str(party)
                for one in people
                for party in disclosures.earlier_recipients(
                    subject_id=one, category=right.category, item=right.item, record_id=right.record_id
                )
            }
        )
        told = ngettext(
            "%(count)d earlier recipient is told: %(names)s.",
            "%(count)d earlier recipients are told: %(names)s.",
            len(names),
        ) % {"count": len(names), "names": ", ".join(names)}
        return [
            _("The value changes, and the freeze ends."),
            told if names else _("Nobody was provided with it, so nobody is told."),
        ]
    if right.kind == Right.Kind.DELETION:
        return _of_deletion(right, at=at)
    if right.kind == Right.Kind.ACCESS:
        return [_("A copy is made and handed out after a second proof of identity."), *_of_authorities(right, people)]
    if right.kind == Right.Kind.SUSPENSION:
        return [_("The data is frozen until processing is resumed.")]
    if right.kind == Right.Kind.PORTABILITY:
        return [_("The copy of the access in this request is transmitted. The person downloads it.")]
    if right.kind in AUTOMATED:
        return [_("Someone other than you then explains or reviews the decision, and the requester reads that.")]
    if right.kind == Right.Kind.SOURCE:
        on = clock.kst_date(at)
        found = data_sources.lines(data_sources.sources_of(people, on=on), on=on)
        return [_("The answer says:"), *found] if found else [_("Nothing is held, so the answer says so.")]
    return _of_withdrawal(right, people)


def _of_authorities(right: Right, people: list[UUID]) -> list[str]:
    """Say how often agencies were given something that the copy tells: whether it does is decided now (law P-13)."""
    if Right.Scope.PROVISION not in right_scope.scope_of(right):
        return []
    items = DisclosedItem.objects.provided().disclosable_to_subject().filter(subject_id__in=people)
    count = items.exclude(disclosure__record_class="").values("disclosure").distinct().count()
    if not count:
        return []
    return [
        ngettext(
            "The copy tells of %(count)d provision to an investigative agency. To keep it back, refuse that part on "
            "a ground of article 35(4) and state the law.",
            "The copy tells of %(count)d provisions to investigative agencies. To keep them back, refuse that part on "
            "a ground of article 35(4) and state the law.",
            count,
        )
        % {"count": count}
    ]


def _of_deletion(right: Right, *, at: datetime) -> list[str]:
    on, until, people = clock.kst_date(at), retention.end_of_wait(at), people_of(right.request)
    reached = right_scope.deleted_categories(right, on=on)
    held = [code for code in reached if any(one.counted(people) for one in holdings.for_category(code))]
    if not held:
        return [_("We hold none of the data that the deletion covers.")]
    names = [display_names.display_name("category", code, on=on) for code in held]
    said = [_("Destroyed: %(categories)s.") % {"categories": ", ".join(names)}]
    if right_scope.is_partly_kept(right, on=on):
        said.append(_("What another law preserves is moved to the archive instead."))
    if deletions.is_held(right, at=at):
        said.append(_("A hold covers it: it is blocked at once, and destroyed only after the hold has ended."))
    elif until > at:
        said.append(
            _(
                "If you release it now, the data is blocked at once and destroyed after %(when)s unless someone stops "
                "it."
            )
            % {"when": datetime_text(until)}
        )
    return said


def _of_withdrawal(right: Right, people: list[UUID]) -> list[str]:
    meant = [one for person in people for one in deletions.consents_meant(right, person).select_related("agreement")]
    agreed = [one.agreement for one in meant if one.choice == Decision.Choice.AGREE]
    if not agreed:
        return [_("There is no consent to any of it at present, so nothing changes.")]
    said = [_("Processing that rests on the consent stops.")]
    if any(agreement.required or agreement.categories for agreement in agreed):
        said.append(
            _(
                "Data collected on that consent is destroyed after the waiting period, except what a hold or another "
                "law keeps."
            )
        )
    return said
