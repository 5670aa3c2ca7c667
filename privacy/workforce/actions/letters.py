"""The representative's signed letter on a colleague: recorded by one officer, read and confirmed by another (0161)."""

from datetime import date, datetime
from hashlib import sha256

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.accounts.models import User
from privacy.accounts.second_person import require_second_person
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.lib.documents import upload_validation
from privacy.lib.errors.refusals import Refusal
from privacy.lib.postgres.advisory_locks import lock_in_transaction
from privacy.policies.categories import WORKFORCE
from privacy.vault import actions as vault
from privacy.vault.models import EncryptedFile
from privacy.vault.purposes import Purpose
from privacy.workforce.events import Event
from privacy.workforce.models import ColleagueLetter

KEEP = "accounts.keep_accounts"
# Of a letter refused for these, the same scan recorded with other details can count.
RECORDED_WRONGLY = {ColleagueLetter.Refusal.DATE, ColleagueLetter.Refusal.COLLEAGUE}


class OwnLetter(Refusal):
    """Nobody records or confirms a letter about themselves, nor confirms what they recorded."""

    code = "own-letter"


class LetterKnown(Refusal):
    code = "letter-known"


class LetterOfTheFuture(Refusal):
    code = "letter-of-the-future"


class LetterUnread(Refusal):
    code = "letter-unread"


class LetterDecided(Refusal):
    """It was confirmed or refused before."""

    code = "letter-decided"


def record_letter(
    user: User, *, dated_on: date, name: str, content: bytes, actor: User, at: datetime
) -> ColleagueLetter:
    """Seal the scan of a letter about a colleague. It counts once another officer has read and confirmed it.

    Raises NotPermitted, InvalidUpload, OwnLetter, LetterOfTheFuture, and LetterKnown for a scan that is recorded.
    """
    require_permission(actor, KEEP, about=user)
    _must_be_about_another(user, actor)
    if dated_on > clock.kst_date(at):
        raise LetterOfTheFuture(_("The letter can't be dated in the future."), pointer="/dated_on")
    upload_validation.recognise_upload(content)
    digest = sha256(content).hexdigest()
    with transaction.atomic():
        # One that waits here finds the other's letter, and seals nothing.
        lock_in_transaction(f"workforce.letter:{digest}")
        if ColleagueLetter.objects.filter(file_digest=digest, refused_by="").exists():
            raise LetterKnown(_("This scan is already recorded."), pointer="/letter")
        file = vault.receive_file(
            subject_id=user.pk, category=WORKFORCE, case=user.reference, name=name, content=content, actor=actor, at=at
        )
        made = ColleagueLetter.objects.create(
            user=user, dated_on=dated_on, file_id=file.pk, file_digest=digest, recorded_by=actor.ref, recorded_at=at
        )
        facts = {"user": user.reference, "sha256": digest}
        ledger.record(Event.LETTER_RECORDED, actor=actor, at=at, about=made, facts=facts)
    return made


def open_letter(letter: ColleagueLetter, *, actor: Actor, at: datetime) -> tuple[bytes, str]:
    """Return the scan and its media type; who read it last, of those who may confirm it, may. Raises NotPermitted,
    LetterUnread.
    """
    require_permission(actor, KEEP, about=letter)
    file = scan_of(letter)
    if file is None:
        raise LetterUnread(_("The scan was destroyed when its retention period ended. Its digest is kept."))
    with vault.opened(
        purpose=Purpose.LEGAL_DUTY, task=str(Event.LETTER_READ), actor=actor, at=at, reason=letter.reference
    ) as vault_session:
        content: bytes = vault_session.decrypt(file, "content")
    with transaction.atomic():
        row = ColleagueLetter.objects.select_for_update().get(pk=letter.pk)
        # Who can't confirm it takes nobody's reading away.
        if not (row.confirmed_by or row.refused_by) and actor.ref not in {row.recorded_by, row.user.reference}:
            row.read_by, row.read_at = actor.ref, at
            row.save(update_fields=["read_by", "read_at"])
        ledger.record(Event.LETTER_READ, actor=actor, at=at, about=row)
    return content, file.media_type


@transaction.atomic
def confirm_letter(letter: ColleagueLetter, *, actor: User, at: datetime) -> ColleagueLetter:
    """Confirm as another officer, who has read it, that the letter says what was recorded.

    With one officer there it is refused; the one-time link to the representative is then the way. Raises NotPermitted,
    LetterDecided, OwnLetter, NotASecondPerson, LetterUnread.
    """
    require_permission(actor, KEEP, about=letter)
    row = _open(letter)
    _must_be_about_another(row.user, actor)
    same = OwnLetter(_("You recorded this letter, so another officer must read and confirm it."))
    require_second_person(actor, asked_by=row.recorded_by, same=same, at=at)
    if row.read_by != actor.ref:
        # Another who may confirm it has read it since.
        read_at = last_read(row, actor.ref)
        if read_at is None:
            raise LetterUnread(_("Open the letter and read it first. Then confirm it."))
        row.read_by, row.read_at = actor.ref, read_at
    row.confirmed_by, row.confirmed_at = actor.ref, at
    row.save(update_fields=["read_by", "read_at", "confirmed_by", "confirmed_at"])
    ledger.record(Event.LETTER_CONFIRMED, actor=actor, at=at, about=row, facts={"user": row.user.reference})
    return row


@transaction.atomic
def refuse_letter(letter: ColleagueLetter, *, refused_for: str, actor: User, at: datetime) -> ColleagueLetter:
    """Say that a letter is not what was recorded, also as who recorded it; its scan can then be recorded again.

    ``refused_for`` is one of ``ColleagueLetter.Refusal``. Raises NotPermitted, LetterDecided, OwnLetter.
    """
    require_permission(actor, KEEP, about=letter)
    row = _open(letter)
    _must_be_about_another(row.user, actor)
    row.refused_by, row.refused_at, row.refused_for = actor.ref, at, ColleagueLetter.Refusal(refused_for)
    row.save(update_fields=["refused_by", "refused_at", "refused_for"])
    facts = {"user": row.user.reference, "reason": row.refused_for}
    ledger.record(Event.LETTER_REFUSED, actor=actor, at=at, about=row, facts=facts)
    return row


def scan_of(letter: ColleagueLetter) -> EncryptedFile | None:
    """Return the sealed scan; None once its retention period is over."""
    return EncryptedFile.objects.filter(pk=letter.file_id).first()


def last_read(letter: ColleagueLetter, ref: str) -> datetime | None:
    """Return when an account last read the letter, by the audit trail."""
    readings = Entry.objects.about(f"{ColleagueLetter.record_label.lower()}:{letter.pk}").by(ref)
    read = readings.filter(word=Event.LETTER_READ).order_by("-id").first()
    return None if read is None else read.time


def _open(letter: ColleagueLetter) -> ColleagueLetter:
    row = ColleagueLetter.objects.select_for_update().get(pk=letter.pk)
    if row.confirmed_by:
        raise LetterDecided(_("This letter has already been confirmed."))
    if row.refused_by:
        raise LetterDecided(_why_refused(row))
    return row


def _why_refused(row: ColleagueLetter) -> str:
    said = _("This letter has already been refused (“%(reason)s”).") % {"reason": row.get_refused_for_display()}
    newer = ColleagueLetter.objects.filter(file_digest=row.file_digest, id__gt=row.pk)
    if row.refused_for in RECORDED_WRONGLY and not newer.exists():
        said += " " + _("Record its scan again with the right details.")
    return said


def _must_be_about_another(user: User, actor: Actor) -> None:
    if user.reference == actor.ref:
        raise OwnLetter(_("This letter is about you, so two other officers must record and confirm it."))
