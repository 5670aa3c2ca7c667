"""Looking at what an access hands out before it does, and leaving out what concerns other people (law R-12)."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.display_names import name_with_reference
from privacy.accounts.second_person import person_behind
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.rights import right_scope
from privacy.rights.access_package import contents, redactions
from privacy.rights.access_package.redactions import Redaction
from privacy.rights.access_package.writer import PackageWriter
from privacy.rights.actions.approval_digests import approval_digest, must_be_as_read
from privacy.rights.actions.cases import lock_right, must_be_verified, particulars_of, record
from privacy.rights.actions.separation_of_duties import must_be_decidable_by
from privacy.rights.events import Event
from privacy.rights.models import GROUNDS_OF_OTHERS, Request, Right
from privacy.rights.models.rights import RightQuerySet
from privacy.rights.refusals import NoGround, WrongState
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose

# So many records stand on one page before it is looked further.
PREVIEW_RECORDS = 100


@dataclass(frozen=True)
class Preview:
    """A part of what a package would hand out: records in clear, with what is left out of them, and where it goes on.

    ``records`` are those of each category, as ``redactions.marked`` returns them, and ``rest`` is what stands beside
    them, as ``contents.content_of`` does. ``place`` is where this part begins and ``next_place`` where the next one
    does, or ``None``.
    """

    categories: list[str]
    records: list[tuple[str, list[tuple[str, dict[str, Any], list[Redaction]]]]]
    rest: dict[str, Any]
    place: dict[str, Any]
    next_place: dict[str, Any] | None


def can_be_previewed(case: Request) -> bool:
    """Whether a case has an access that can still be looked at before it is handed out."""
    return case.is_verified and case.is_open and _before_release(case).exists()


def access_to_preview(case: Request) -> Right:
    """Return the access of a case that is not carried out yet. Raises WrongState where there is none."""
    right = _before_release(case).first()
    if right is None:
        raise WrongState(
            _("There is no copy to preview: this case has no access request that is still to be carried out.")
        )
    right.request = case
    return right


def preview_package(right: Right, *, place: Mapping[str, Any], actor: Actor, at: datetime) -> Preview:
    """Return a part of what the package of an access would hand out, from ``place`` on; it goes on record as read.

    Raises NotPermitted, NotVerified, and what opening raises.
    """
    require_permission(actor, "rights.carry_out_request", about=right)
    must_be_verified(right.request)
    current = PackageWriter(right, read_at=at)
    begin = current.go_to(place)
    with vault.opened(
        purpose=Purpose.RIGHTS,
        task="rights.package.previewed",
        actor=actor,
        at=at,
        reason=f"request {right.request.number}",
    ) as vault_session:
        read = current.read(vault_session, most=PREVIEW_RECORDS)
    marks = redactions.of_right(right.redactions)
    return Preview(
        categories=current.progress["categories"],
        records=[(code, redactions.marked(code, records, marks)) for code, records in read],
        rest=contents.content_of(right, at=at),
        place=begin,
        next_place=None if current.is_read else current.place,
    )


def leave_out(
    right: Right,
    *,
    chosen: Sequence[tuple[str, str, Sequence[str]]],
    ground: str,
    passage: str = "",
    place: Mapping[str, Any],
    read: str,
    actor: Actor,
    at: datetime,
) -> Right:
    """Leave out of an access what concerns other people, on a ground that such information has (law R-12).

    ``chosen`` names category, record and path of each as the preview from ``place`` on tells them; with ``passage``
    only these words of the one text that is chosen. A right that is granted already is thereby decided anew, which who
    granted it can do alone. ``read`` is the digest of the request as it was shown. Raises NoGround, WrongState,
    ContentChanged, SamePerson, NotASecondPerson.
    """
    require_permission(actor, "rights.decide_request", about=right)
    if ground not in GROUNDS_OF_OTHERS:
        raise NoGround(_("Choose why it must be left out."), pointer="/ground")
    if not chosen:
        raise NoGround(_("Select what to leave out."), pointer="/chosen")
    shown = preview_package(right, place=place, actor=actor, at=at)
    known = {
        (code, pointer): dict(redactions.values(said))
        for code, records in shown.records
        for pointer, said, _marks in records
    }
    made = [mark for one in chosen for mark in _mark(known, one, ground, passage.strip(), alone=len(chosen) == 1)]
    marks = {_place_of(one): one for one in made}

    def changed(kept: list[Redaction]) -> list[Redaction]:
        return [*(one for one in kept if _place_of(one) not in marks), *marks.values()]

    return _decide_anew(right, changed, marked=len(marks), read=read, actor=actor, at=at)


def put_back(
    right: Right,
    *,
    chosen: Collection[tuple[str, str, Sequence[str]]],
    place: Mapping[str, Any],
    read: str,
    actor: Actor,
    at: datetime,
) -> Right:
    """Give again what was left out at these places, as the preview from ``place`` on or the marks themselves tell them.

    Raises what ``leave_out`` does.
    """
    require_permission(actor, "rights.decide_request", about=right)
    places = {(category, pointer, tuple(path)) for category, pointer, path in chosen}
    shown = preview_package(right, place=place, actor=actor, at=at)
    marks = {
        mark
        for code, records in shown.records
        for pointer, _said, mine in records
        for mark in mine
        if (code, pointer, mark.path) in places
    } | {one for one in redactions.of_right(right.redactions) if (one.category, one.record, one.path) in places}
    if not marks:
        raise NoGround(
            _("Select something that is left out now. If a whole record is left out, select the whole record."),
            pointer="/chosen",
        )

    def changed(kept: list[Redaction]) -> list[Redaction]:
        return [one for one in kept if one not in marks]

    return _decide_anew(right, changed, put_back=len(marks), read=read, actor=actor, at=at)


def _mark(
    known: Mapping[tuple[str, str], Mapping[redactions.Path, Any]],
    chosen: tuple[str, str, Sequence[str]],
    ground: str,
    passage: str,
    *,
    alone: bool,
) -> list[Redaction]:
    category, pointer, path = chosen[0], chosen[1], tuple(chosen[2])
    held = known.get((category, pointer))
    if held is None or (path and path not in held):
        raise NoGround(_("What you selected is no longer there. Preview the copy again."), pointer="/chosen")
    if not passage:
        return [Redaction(category, pointer, path, ground)]
    text = held.get(path)
    if not alone or not isinstance(text, str):
        raise NoGround(_("To leave out only some words, select the one text that contains them."), pointer="/passage")
    digest = redactions.text_digest(text)
    # Copied from a page, line breaks and spaces may differ.
    words = r"\s+".join(re.escape(word) for word in passage.split())
    found = [
        Redaction(category, pointer, path, ground, one.start(), one.end(), digest) for one in re.finditer(words, text)
    ]
    if not found:
        raise NoGround(
            _("The text you selected doesn't contain these words. Copy them from the text."), pointer="/passage"
        )
    return found


def _place_of(mark: Redaction) -> tuple[str, str, redactions.Path, int, int]:
    return mark.category, mark.record, mark.path, mark.start, mark.end


def _decide_anew(
    right: Right,
    changed: Callable[[list[Redaction]], list[Redaction]],
    *,
    read: str,
    actor: Actor,
    at: datetime,
    **counts: int,
) -> Right:
    """Let the locked access leave out what ``changed`` makes of what it leaves out now."""
    with transaction.atomic():
        row = lock_right(right)
        case = row.request
        must_be_verified(case)
        must_be_as_read(case, read)
        if row.decision == Right.Decision.REFUSED or row.started_at is not None:
            raise WrongState(
                _(
                    "This access was refused or is already being carried out, so you can no longer change what the "
                    "copy contains."
                )
            )
        if granted_by_another(row, than=actor):
            raise WrongState(why_not_yours(row))
        marks = changed(redactions.of_right(row.redactions))
        row.redactions = [one.as_kept() for one in marks]
        must_be_decidable_by(case, actor=actor, at=at)
        if row.is_granted:
            with_redactions(row)
            row.decided_at = at
            row.approved_digest = approval_digest(particulars_of(case), row)
        row.save(update_fields=["redactions", "decision", "excluded", "ground", "decided_at", "approved_digest"])
        facts = {**counts, "places": len(marks), "grounds": sorted({one.ground for one in marks})}
        record(case, Event.REDACTED, actor=actor, at=at, right=row, facts=facts)
    return row


def granted_by_another(right: Right, *, than: Actor) -> bool:
    """Whether an access is granted by somebody else, whose decision it stays: its decider is written once."""
    return right.is_granted and person_behind(right.decided_by) != person_behind(than.ref)


def why_not_yours(right: Right) -> str:
    """Say who alone can still change what a granted access leaves out."""
    return _(
        "%(who)s granted this access, so only they can change what the copy leaves out. Ask them before it is carried "
        "out."
    ) % {"who": name_with_reference(right.decided_by)}


def with_redactions(right: Right) -> None:
    """Let the decision of an access that is granted say whether it leaves out what concerns other people."""
    parts = {*right.excluded} - {right_scope.OTHERS}
    if right.redactions:
        right.decision = Right.Decision.PARTLY_GRANTED
        right.excluded = sorted({*parts, right_scope.OTHERS})
        # The ground of a decision is that of the parts that it leaves out; where there are none, that of a place.
        right.ground = right.ground if parts else right.redactions[0]["ground"]
    elif right_scope.OTHERS in right.excluded:
        right.excluded = sorted(parts)
        right.decision = Right.Decision.PARTLY_GRANTED if parts else Right.Decision.GRANTED
        right.ground = right.ground if parts else ""


def _before_release(case: Request) -> RightQuerySet:
    waiting = Right.objects.filter(request=case, kind=Right.Kind.ACCESS, started_at=None)
    return waiting.exclude(decision=Right.Decision.REFUSED).order_by("position")
