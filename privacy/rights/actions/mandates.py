"""Who acts for another proves it: what a power of attorney covers, from whom, until when (law R-26, R-27, F-4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock, periods
from privacy.lib.display.badges import date_text
from privacy.rights.actions import identity_documents
from privacy.rights.actions.cases import lock_case, must_be_verified, record
from privacy.rights.actions.letters import withdraw_unsent
from privacy.rights.actions.particulars import seal_words
from privacy.rights.actions.separation_of_duties import must_have_read_mandate
from privacy.rights.events import Event
from privacy.rights.models import COVERED_BY, Letter, Particulars, Request
from privacy.rights.refusals import MissingAuthority, WrongState
from privacy.rights.representation import has_mandate, is_in_force, rights_left
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose

FIELDS = ("authority", "authority_until", "mandate_covers", "mandate_given_on", "mandate_signed")
# The particulars of form F-4: the agent, and the person who authorises them.
PEOPLE = (
    "name", "birth_date", "phone", "relation", "address",
    "principal", "principal_birth_date", "principal_phone", "principal_address",
)  # fmt: skip
# Until then parents are the legal representatives of their child (Civil Act, art. 4, 911); a child of PIPA art. 38(2)
# is younger still.
OF_FULL_AGE, CHILD = 19, 14
NEEDED_PEOPLE = ("name", "birth_date", "principal", "principal_birth_date")


@dataclass(frozen=True)
class Mandate:
    """A power of attorney as its form has it: ``people`` by the names of ``PEOPLE``, ``covers`` of Request.Mandate.

    ``signed``: whether the principal's signature or seal was seen on it.
    """

    covers: tuple[str, ...]
    given_on: date
    signed: bool
    people: Mapping[str, str]


def renew_authority(
    request: Request,
    *,
    authority: str,
    authority_until: date | None = None,
    mandate: Mandate | None = None,
    principal_born_on: date | None = None,
    actor: Actor,
    at: datetime,
) -> Request:
    """Record that the representative of a case has proven authority again, as after a mandate that has ended.

    Raises NotPermitted, WrongState, MissingAuthority without a mandate that is in force and covers what is left, and
    UnseenDocuments, SamePerson, NotASecondPerson unless the actor has read what proves it (``must_have_read_mandate``).
    """
    require_permission(actor, "rights.verify_identity", about=request)
    with transaction.atomic():
        case = lock_case(request)
        must_be_verified(case)
        if not has_mandate(case, at=at):
            raise WrongState(
                _(
                    "A mandate can be recorded only in a case brought by a representative that is open or whose copy "
                    "can still be downloaded."
                )
            )
        must_prove(case, authority, authority_until, mandate, principal_born_on=principal_born_on, at=at)
        must_have_read_mandate(case, actor=actor, at=at)
        set_authority(case, authority, authority_until, mandate)
        case.save(update_fields=[*FIELDS])
        facts = {
            "authority": authority,
            "until": authority_until.isoformat() if authority_until else "",
            **facts_of(case),
            **facts_of_child(authority, principal_born_on, at=at),
        }
        # Nobody is asked any more for what has come.
        withdraw_unsent(case, Letter.Kind.EVIDENCE, actor=actor, at=at)
        step = record(case, Event.AUTHORITY_RENEWED, actor=actor, at=at, facts=facts)
        seal_people(case, mandate, about=step.id, at=at)
    if case.closed_at is not None:
        identity_documents.destroy_documents(case, actor=actor, at=at)
    return case


def must_prove(
    case: Request,
    authority: str,
    until: date | None,
    mandate: Mandate | None,
    *,
    principal_born_on: date | None = None,
    at: datetime,
) -> None:
    """Raise MissingAuthority unless this proves that whoever acts for another may, for all that is still asked.

    A family relations certificate says when the person was born: of an adult it makes nobody the representative.
    """
    if case.requester == Request.Requester.AGENT and authority not in Request.PROOFS[case.requester]:
        raise MissingAuthority(_("An agent must prove authority with a power of attorney."), pointer="/authority")
    if case.requester == Request.Requester.LEGAL_REPRESENTATIVE and authority not in Request.PROOFS[case.requester]:
        raise MissingAuthority(
            _("A legal representative must prove authority with a family relations certificate or a court decision."),
            pointer="/authority",
        )
    if (case.requester, authority) == (Request.Requester.LEGAL_REPRESENTATIVE, Request.Authority.FAMILY_RECORD):
        _must_be_minor(principal_born_on, at=at)
    if until is not None and not is_in_force(until, at=at):
        raise MissingAuthority(
            _("This mandate ended on %(day)s. Request one that is still valid.") % {"day": date_text(until)},
            pointer="/authority_until",
        )
    if case.requester == Request.Requester.AGENT:
        _must_cover(case, _whole(mandate, until, at=at))


def _must_be_minor(born_on: date | None, *, at: datetime) -> None:
    today = clock.kst_date(at)
    if born_on is None or born_on > today:
        raise MissingAuthority(
            _("Enter the date of birth of the person as the certificate has it."), pointer="/principal_born_on"
        )
    if periods.age(born_on, today) >= OF_FULL_AGE:
        raise MissingAuthority(
            _(
                "This person is of full age, so kinship alone makes nobody their representative. Request a court "
                "decision or a power of attorney."
            ),
            pointer="/principal_born_on",
        )


def facts_of_child(authority: str, born_on: date | None, *, at: datetime) -> dict[str, Any]:
    """Return what the ledger is told of whom a legal representative acts for: a child under 14 or not, no date."""
    if authority != Request.Authority.FAMILY_RECORD or born_on is None:
        return {}
    return {"child": periods.age(born_on, clock.kst_date(at)) < CHILD}


def _whole(mandate: Mandate | None, until: date | None, *, at: datetime) -> Mandate:
    """Return the mandate if it says and proves what it must. Raises MissingAuthority."""
    if mandate is None or not mandate.covers or not set(mandate.covers) <= set(Request.Mandate.values):
        raise MissingAuthority(_("Choose what the power of attorney covers."), pointer="/covers")
    if mandate.given_on > clock.kst_date(at):
        raise MissingAuthority(_("A power of attorney can't be dated in the future."), pointer="/given_on")
    if until is not None and until < mandate.given_on:
        raise MissingAuthority(_("The mandate can't end before it was given."), pointer="/authority_until")
    if not mandate.signed:
        raise MissingAuthority(
            _("Without the signature or seal of the person, a power of attorney proves nothing. Request a signed one."),
            pointer="/signed",
        )
    for name in NEEDED_PEOPLE:
        if not mandate.people.get(name, "").strip():
            raise MissingAuthority(
                _("Enter the names and birth dates of both people as the power of attorney has them."),
                pointer=f"/{name}",
            )
    return mandate


def _must_cover(case: Request, mandate: Mandate) -> None:
    missing = [right for right in rights_left(case) if COVERED_BY[right.kind] not in mandate.covers]
    if missing:
        raise MissingAuthority(
            _(
                "The power of attorney does not cover everything that is asked for. Not covered: %(rights)s. Request "
                "one that covers it."
            )
            % {"rights": ", ".join(dict.fromkeys(str(right.get_kind_display()) for right in missing))},
            pointer="/covers",
        )


def set_authority(case: Request, authority: str, until: date | None, mandate: Mandate | None) -> None:
    """Let a locked case say what proves the authority of its representative, unsaved; nothing for one's own case."""
    case.authority = authority if case.requester != Request.Requester.SELF else ""
    case.authority_until = until if case.authority else None
    given = mandate if case.authority == Request.Authority.POWER_OF_ATTORNEY else None
    case.mandate_covers = sorted(given.covers) if given else []
    case.mandate_given_on = given.given_on if given else None
    case.mandate_signed = given.signed if given else False


def facts_of(case: Request) -> dict[str, Any]:
    """Return what the ledger is told of a power of attorney; nothing where there is none."""
    if case.mandate_given_on is None:
        return {}
    return {"covers": case.mandate_covers, "given_on": case.mandate_given_on.isoformat()}


def seal_people(case: Request, mandate: Mandate | None, *, about: UUID, at: datetime) -> None:
    """Keep the particulars of both people under the case, by the step that recorded them."""
    if mandate is None or case.mandate_given_on is None:
        return
    said = {name: mandate.people[name].strip() for name in PEOPLE if mandate.people.get(name, "").strip()}
    seal_words(case, Particulars.About.MANDATE, about, {"contact": said}, received_on=clock.kst_date(at), at=at)


def read_mandate(request: Request, *, actor: Actor, at: datetime) -> dict[str, str]:
    """Open the particulars of the power of attorney in force, on record; nothing is opened where there is none."""
    require_permission(actor, "rights.open_particulars", about=request)
    if request.mandate_given_on is None:
        return {}
    steps = request.steps.filter(word__in=(Event.VERIFIED, Event.AUTHORITY_RENEWED)).order_by("-at", "-id")
    for step in steps:
        words = Particulars.objects.filter(about=Particulars.About.MANDATE, about_id=step.id).first()
        if words is not None:
            with vault.opened(
                purpose=Purpose.RIGHTS, task="rights.mandate.read", actor=actor, at=at,
                reason=f"request {request.number}",
            ) as vault_session:  # fmt: skip
                found: dict[str, str] = vault_session.decrypt(words, "contact") or {}
            return {name: found[name] for name in PEOPLE if name in found}
    return {}
