"""Who opened a person's data: one answer for the status page and for the access package (P1.2, R-02, law S-01).

It comes from the audit trail's reads, so it is there as soon as something was opened. Who opened it is told by role and
account, never by name. What the law keeps secret (P-12) is neither told nor
counted: a count would tell that there is one.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property, reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacy.accounts.models import AccessGrant
from privacy.accounts.roles import ROLE_NAMES
from privacy.disclosures.models import DisclosedItem, Notice
from privacy.ledger.entries import task_labels
from privacy.ledger.entries.payloads import parse_payload
from privacy.ledger.entries.pseudonyms import pseudonyms_of
from privacy.ledger.models import Entry, EntryQuerySet, names_one_of
from privacy.lib.dates import clock
from privacy.lib.display import display_names
from privacy.rights import right_scope
from privacy.rights.models import Request, Right

TASK_LABELS = {
    "rights.access.exported": gettext_lazy("your access package was prepared"),
    "rights.package.previewed": gettext_lazy("your access package was checked before it was handed out"),
    "rights.package.downloaded": gettext_lazy("your access package was downloaded"),
    "rights.case.shown": gettext_lazy("the status page of your request was shown"),
    "subjects.contact.indexed": gettext_lazy("your contact was indexed so that it can be searched"),
    "subjects.contact.addressed": gettext_lazy("a code or a notice about your contact was sent to you"),
    "consents.contacts.shown": gettext_lazy("the page with your contacts was shown"),
    "consents.representative.addressed": gettext_lazy("your representative was asked for a consent"),
    "consents.of-age.addressed": gettext_lazy("you were told that you decide about your consents yourself"),
    "consents.destruction.addressed": gettext_lazy("you were told about a destruction after your withdrawal"),
    "rights.particulars.read": gettext_lazy("your request was read"),
    "rights.objection.read": gettext_lazy("your objection was read"),
    "rights.objection.evidence.shown": gettext_lazy("the documents that came with your objection were read"),
    "rights.mandate.read": gettext_lazy("the power of attorney of your request was read"),
    "rights.note.read": gettext_lazy("the office's notes on your request were read"),
    "rights.message.read": gettext_lazy("the messages of your request were read"),
    "rights.mail.read": gettext_lazy("a mail or text message to the office was read"),
    "rights.message.addressed": gettext_lazy(
        "your address was read to tell you that there is a message about your request"
    ),
    "rights.letter.addressed": gettext_lazy("your number was read to tell you that there is an answer to your request"),
    "rights.current.shown": gettext_lazy("the data that you want corrected was read, to decide your request"),
    "rights.record.shown": gettext_lazy("a report that you say is wrong was read"),
    "rights.content.written": gettext_lazy("the correct content of a report was recorded"),
    "rights.correction.begun": gettext_lazy("your correction was carried out"),
    "rights.letter.sent": gettext_lazy("an answer was sent to you"),
    "rights.letter.previewed": gettext_lazy("the answer to you was read before it was sent"),
    "rights.letter.shown": gettext_lazy("an answer was shown as a PDF"),
    "rights.evidence.shown": gettext_lazy("your document was checked"),
    "disclosures.disclosure.provided": gettext_lazy("it was provided to a third party"),
    "disclosures.scan.shown": gettext_lazy("the document that asks for a disclosure was read"),
    "disclosures.notice.shown": gettext_lazy("a recipient was shown the correction"),
    "disclosures.proof.compared": gettext_lazy("a recipient's answer was compared with your corrected data"),
    "disclosures.evidence.shown": gettext_lazy("a document by which a recipient shows a correction was read"),
    "disclosures.notice.printed": gettext_lazy("a letter to a recipient was printed"),
    "devices.device.unmasked": gettext_lazy("the device's numbers were shown"),
    "devices.device.searched": gettext_lazy("your device was searched for by its number"),
    "devices.licence.searched": gettext_lazy("your licence was searched for by its key"),
    "devices.import.registered": gettext_lazy("your device was registered from an import file"),
    "consents.decisions.shown": gettext_lazy("your consents were shown on this site"),
    "consents.notice.addressed": gettext_lazy("a notice about your advertising consent was sent to you"),
    "campaigns.delivery.addressed": gettext_lazy("a notice was sent to you"),
    "rights.requester.addressed": gettext_lazy("a notice was sent to you"),
    "campaigns.letters.printed": gettext_lazy("a letter to you was printed"),
    "retention.records.archived": gettext_lazy("a record was archived because a law requires it"),
    "retention.archive.exported": gettext_lazy("a record kept by law was read"),
    "rights.pickup-code.addressed": gettext_lazy("a code for your copy was sent to you"),
    "retention.wait.addressed": gettext_lazy("a notice about a destruction was sent to you"),
    "vault.file.scanned": gettext_lazy("your document was examined for malware"),
    "retention.destruction.read-back": gettext_lazy("destroyed data was checked to be unreadable"),
}
# Who isn't a member of staff, by the kind of actor that an entry states.
KIND_LABELS = {
    "system": gettext_lazy("the portal, automatically"),
    "subject": gettext_lazy("you, or someone acting for you"),
    "gateway": gettext_lazy("a device management server"),
    "recipient": gettext_lazy("a recipient of the data"),
    "visitor": gettext_lazy("a visitor of this site"),
    "anonymous": gettext_lazy("a visitor of this site"),
}
# Reasons that the portal writes itself: a reference or a rule. Any other was typed, and may speak of somebody else.
OWN_REASON = re.compile(
    r"|(request|complaint) (?P<asked>[\w-]+)|(disclosure|destruction|notice) [\w-]+(, case (?P<case>[\w-]*))?"
    r"|[A-Z]{1,3}-?\d+(\.\d+)?|duties|contacts"
)


@dataclass(frozen=True)
class Opening:
    """One reading of a person's data. ``role`` is a role of the office, or the kind of who was none of its staff.

    ``by`` is the account, the job or the person's own case; empty for anybody else.
    """

    number: int
    at: datetime
    by: str
    role: str
    task: str
    purpose: str

    @property
    def account(self) -> str:
        """The reference of an account of the office; a job, or a person without one, has none to ask about."""
        return self.by if self.by.startswith("U-") else ""

    @property
    def stamp(self) -> str:
        """The time as the entry states it."""
        return self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    @property
    def role_text(self) -> str:
        """Who it was, in the active language."""
        return role_text(self.role)

    @property
    def task_text(self) -> str:
        """What it was opened for."""
        return task_text(self.task)

    @cached_property
    def purpose_text(self) -> str:
        """The purpose by name; the empty text where the entry states none."""
        return display_names.display_name("purpose", self.purpose, on=clock.kst_date(self.at)) if self.purpose else ""


def names_of(people: Collection[UUID]) -> set[str]:
    """Return by what entries name these people."""
    return {name for one in people for name in pseudonyms_of(str(one))}


def openings_of(people: Collection[UUID]) -> EntryQuerySet:
    """Return the entries of every opening of these people's data that may be told, the newest first."""
    return _reads(people).exclude(_is_secret(people)).order_by("-id")


def secret_openings_of(people: Collection[UUID]) -> EntryQuerySet:
    """Return the entries that the law keeps from these people: for the nightly comparison alone."""
    return _reads(people).filter(_is_secret(people))


def describe(entries: Iterable[Entry], case: Request) -> list[Opening]:
    """Return what is told of entries to who made this case, in their order."""
    entries = list(entries)
    roles = _Roles({entry.actor for entry in entries if entry.actor.startswith("U-")})
    return [
        Opening(
            number=entry.id,
            at=entry.time,
            by=entry.actor if _may_be_named(entry, case) else "",
            role=roles.of(entry),
            task=entry.task or entry.word,
            purpose=entry.purpose or "",
        )
        for entry in entries
    ]


def role_text(role: str) -> str:
    """Return the name of a role, of several held at once, or of a kind of actor."""
    return ", ".join(str(ROLE_NAMES.get(one) or KIND_LABELS.get(one) or one) for one in role.split())


def task_text(task: str) -> str:
    """Say for what something was opened: each opening by its own words, a register's export by those of all."""
    if task not in TASK_LABELS and task.endswith(".exported"):
        return _("included in an exported list or register")
    return str(TASK_LABELS.get(task) or task_labels.task_label(task))


def may_be_shown(entry: Entry, own: Collection[str], case: Request) -> bool:
    """Whether who made this case may have an entry word for word.

    It names nobody but ``own`` (``names_of``) and no other case, no reason was typed, and whoever opened is staff, a
    job of the portal or this case: an entry also holds the network address of who opened.
    """
    said = _said(entry)
    return (
        said != {}
        and set(said.get("subjects") or ()) <= {*own}
        and _is_own_reason(str(said.get("reason", "")), case)
        and _may_be_named(entry, case)
        and not (said.get("by") == "system" and "from" in said)
    )


def _may_be_named(entry: Entry, case: Request) -> bool:
    said = _said(entry)
    return said.get("actor") == case.reference or said.get("by") in {"user", "system"}


def _is_own_reason(reason: str, case: Request) -> bool:
    found = OWN_REASON.fullmatch(reason)
    return found is not None and {found["asked"], found["case"]} <= {None, "", case.number, case.reference}


def _said(entry: Entry) -> dict[str, Any]:
    """Return what an entry says; nothing for one that can't be read."""
    try:
        return parse_payload(entry.payload)
    except ValueError:
        return {}


def _reads(people: Collection[UUID]) -> EntryQuerySet:
    return Entry.objects.reads().filter(names_one_of(sorted(names_of(people))))


def _is_secret(people: Collection[UUID]) -> Q:
    """Return the condition of entries that must not be told of: disclosures of communication confirmation data.

    It asks for the task too: a reason alone can be typed by whoever opens something else and would hide it.
    """
    said = (Q(task__startswith="disclosures.", payload__contains=f'"reason":"{one}') for one in _secret_reasons(people))
    return reduce(or_, said, Q(id__in=[]))


def _secret_reasons(people: Collection[UUID]) -> Iterator[str]:
    """Yield how the reasons begin for which something was opened that the law keeps secret.

    So does a notice of a correction to who got nothing that may be told of: by it the provision would be known.
    """
    items = DisclosedItem.objects.filter(subject_id__in=people)
    told = items.disclosable_to_subject()
    if _are_authorities_left_out(people):
        told = told.filter(disclosure__record_class="")
    references = items.exclude(id__in=told).values_list("disclosure__reference", flat=True)
    secret = set(references.distinct())
    yield from (f'disclosure {reference}"' for reference in sorted(secret))
    for notice in Notice.objects.filter(subject_id__in=people).order_by("id") if secret else ():
        if set(notice.disclosures) <= secret:
            yield f"notice {notice.reference},"


def _are_authorities_left_out(people: Collection[UUID]) -> bool:
    """Whether the newest decision on an access to these people's data leaves out what agencies were given (P-13)."""
    decided = Right.objects.filter(
        request__people__subject_id__in=people, kind=Right.Kind.ACCESS, decision__in=("granted", "partly-granted")
    )
    newest = decided.order_by("-decided_at", "-id").first()
    return newest is not None and right_scope.AUTHORITIES in newest.excluded


class _Roles:
    """Which roles accounts held when, from the register of access."""

    def __init__(self, accounts: Collection[str]) -> None:
        grants = AccessGrant.objects.of_roles().filter(user__reference__in=accounts)
        self._grants: list[tuple[str, str, date, date, datetime, datetime | None]] = list(
            grants.values_list("user__reference", "role", "valid_from", "valid_until", "granted_at", "revoked_at")
        )

    def of(self, entry: Entry) -> str:
        """Return the roles of an entry's account at its time, or the kind of actor that it states."""
        if not entry.actor.startswith("U-"):
            return _kind(entry)
        on = clock.kst_date(entry.time)
        held = {
            role
            for account, role, first, last, granted, revoked in self._grants
            if account == entry.actor
            and first <= on <= last
            and granted <= entry.time
            and (revoked is None or revoked > entry.time)
        }
        return " ".join(role for role in ROLE_NAMES if role in held) or "employee"


def _kind(entry: Entry) -> str:
    said = _said(entry).get("by")
    return said if said in KIND_LABELS else "anonymous"
