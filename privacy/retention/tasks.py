"""What the worker's alarm clock rings for: the nightly sweep, and going on with what was begun. No arguments."""

import logging
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.accounts.models import User
from privacy.jobs import outbox
from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.lib.display.badges import datetime_text
from privacy.lib.errors.refusals import Refusal
from privacy.lib.integrations import mail
from privacy.policies import message_templates, rulebook
from privacy.policies.message_templates import LANGUAGES
from privacy.retention import actions as retention
from privacy.retention import message_kinds
from privacy.retention.actions import addenda
from privacy.retention.actions.destruction_waits import (
    OFFICER_TOLD,
    PERSON_TOLD,
    is_waiting,
    record_told,
    word_now,
)
from privacy.retention.receivers import ADDENDUM
from privacy.retention.schedule.clock_reading import read_clock
from privacy.subjects import contacts
from privacy.subjects.models import Contact
from privacy.vault import actions as vault
from privacy.vault.purposes import Purpose
from privacy.vault.refusals import WrongKey

log = logging.getLogger("portal.retention")
SWEEPER = SystemActor("sweep")


def sweep() -> str:
    """Select what is due today and begin with what may be destroyed; then count ahead for the forecast."""
    at = clock.now()
    today = clock.kst_date(at)
    try:
        swept = retention.sweep(as_of=today, reading=read_clock(at), actor=SWEEPER, at=at)
        retention.update_forecast(rules=rulebook.in_force(today), on=today, at=at)
    except WrongKey:
        raise
    except Refusal as refusal:
        log.warning("the sweep was refused: %s", refusal.code)
        return refusal.code
    return f"{swept.run.reference}: {swept.run.due} due, {swept.executed} lists carried out"


def predict() -> str:
    """Keep what is simulated of each version that was published of late, before the sweep. Safe to run twice."""
    at = clock.now()
    made = retention.predict_published(on=clock.kst_date(at), actor=SystemActor("prediction"), at=at)
    return f"{made} predictions"


def resume() -> str:
    """Go on with lists that are ready or were interrupted, and certify what has become final. Safe to run twice."""
    at = clock.now()
    try:
        if not retention.check_clock(read_clock(at), actor=SWEEPER):
            return "clock"
        done = retention.execute_ready(actor=SWEEPER, at=at)
        final = retention.certify_finality(actor=SWEEPER, at=at)
    except WrongKey:
        raise
    except Refusal as refusal:
        log.warning("going on was refused: %s", refusal.code)
        return refusal.code
    return f"{done} lists carried out, {final} final"


def release_ended_holds() -> int:
    """Tell other systems that a hold has ended by its last day; return how many were told. Safe to run twice."""
    return retention.release_ended_holds(on=clock.today(), actor=SystemActor("holds"), at=clock.now())


def reconcile() -> str:
    """Compare the databases and keep the list of differences."""
    findings = retention.reconcile(actor=SystemActor("reconcile"), at=clock.now())
    return f"{len(findings)} findings"


@outbox.deliverer(ADDENDUM)
def issue_addendum(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Complete a certificate with what a connected system confirmed after it was signed."""
    addenda.issue_addendum(ids["task"], at=at)


@outbox.deliverer(PERSON_TOLD, destination=outbox.MAIL)
def tell_person(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Tell a person, at each address on record, what becomes of a destruction of their data; in both languages."""
    subject_id, until = UUID(ids["subject"]), datetime.fromisoformat(ids["until"])
    told = contacts.told_of_destruction(subject_id, at=at)
    if not told or not is_waiting(ids, at=at):
        return
    if at < until and contacts.disputed([subject_id], Contact.Kind.EMAIL, at=at):
        raise outbox.RetryLater(60 * 60, "the address is disputed")
    try:
        with vault.opened(
            purpose=Purpose.LEGAL_DUTY, task="retention.wait.addressed", actor=SystemActor("retention"), at=at,
            reason="duties",
        ) as vault_session:  # fmt: skip
            addresses = [str(value) for _contact, value in vault_session.decrypt_many(told, "value")]
    except vault.Destroyed:
        return
    word = word_now(ids, at=at)
    words = message_templates.in_force(f"retention.destruction-{word}")
    values = {one: _told(word, ids, until=until, language=one) for one in LANGUAGES}
    said = {one: words.fill("text", values[one], language=one) for one in LANGUAGES}
    for contact, address in zip(told, addresses, strict=True):
        mail.send(
            to=address, subject=words.fill("subject", values["ko"], language="ko"), template="worded_in_both",
            context={"said": said}, language="ko", message_id=f"destruction-wait-{event}-{contact.pk}",
        )  # fmt: skip
    record_told(ids, word=word, template=words.version, at=at)


def _told(word: str, ids: Mapping[str, str], *, until: datetime, language: str) -> dict[str, str]:
    with override(language):
        about = {"case": ids["case"].partition("#")[0]}
        if word == "planned":
            return about | {"fate": message_kinds.to_be_destroyed(datetime_text(until), kept=bool(ids["kept"]))}
        return about | ({"fate": message_kinds.on_hold()} if word == "held" else {})


@outbox.deliverer(OFFICER_TOLD, destination=outbox.MAIL)
def tell_officer(ids: Mapping[str, str], *, event: UUID, starts: int, at: datetime) -> None:
    """Tell an officer what is going to be destroyed, until when it can be stopped, and where; or that it was."""
    officer = User.objects.filter(reference=ids["to"], is_active=True).first()
    if officer is None or not is_waiting(ids, at=at):
        return
    word = word_now(ids, at=at)
    with override("ko"):
        subject = {
            "planned": _("A destruction can be stopped: %(case)s"),
            "held": _("A destruction is on hold: %(case)s"),
            "stopped": _("A destruction was stopped: %(case)s"),
        }[word] % {"case": ids["case"]}
    context = {"word": word, "case": ids["case"], "page": ids["page"]} | {"until": datetime.fromisoformat(ids["until"])}
    mail.send(
        to=officer.email, subject=subject, template="destruction_waits", context=context, language="ko",
        message_id=f"destruction-wait-{event}",
    )  # fmt: skip
