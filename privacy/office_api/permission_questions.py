"""Whom a question is about, what it needs, and how holds and freezes are told."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from devices import lookup
from devices.prohibited_data import safe_name
from privacy.office_api import data_use_permissions
from privacy.office_api.actors import ApiCaller
from privacy.office_api.refusals import BadPeriod, IncompleteQuestion, UnknownPerson
from privacy.office_api.schemas import Question
from privacy.retention.models import Hold
from privacy.subjects.models import Subject
from privacy.vault.models import Freeze

NEEDS = ("devices.view_device", "consents.view_currentconsent")
# What each question needs beside whom it is about.
PARTS = {
    "use": ("category", "purpose"),
    "disclose": ("recipient", "category", "items", "purpose"),
    "advertise": ("channel",),
    "keep": ("category",),
}
LONGEST_PERIOD = timedelta(days=366)


def missing_parts(question: Question) -> IncompleteQuestion | None:
    """Return the refusal of a question that lacks a part, if it does."""
    for part in PARTS[question.question]:
        if not getattr(question, part):
            message = _("This question needs “%(part)s”.") % {"part": part}
            return IncompleteQuestion(message, pointer=f"/{part}")
    return None


def find_person(about: str, *, caller: ApiCaller, at: datetime) -> UUID | None:
    """Return whom a number, a reference or a whole identifier names, if anybody; a search is on record."""
    try:
        person = UUID(about)
    except ValueError:
        device = lookup.answering_device(lookup.find_devices(about, actor=caller, at=at))
        return None if device is None else device.subject_id
    return person if Subject.objects.filter(pk=person).exists() else None


def must_be_known(person: UUID | None) -> UUID:
    """Return the person who was found. Raises UnknownPerson."""
    if person is None:
        raise UnknownPerson(_("Nobody is registered under this number."), pointer="/about")
    return person


def question_facts(question: Question) -> dict[str, str]:
    """Return what was asked, for the trail. A code that may be somebody's number is left out."""
    facts = {
        "question": question.question,
        "category": question.category,
        "recipient": question.recipient,
        "asked_purpose": question.purpose,
    }
    return {name: code for name, code in facts.items() if code and safe_name(code)}


def answer(question: Question, person: UUID, *, at: datetime) -> data_use_permissions.Permission:
    """Answer a whole question about a person."""
    category, purpose = question.category or "", question.purpose or ""
    match question.question:
        case "use":
            return data_use_permissions.may_use(person, category=category, purpose=purpose, items=question.items, at=at)
        case "disclose":
            recipient = question.recipient or ""
            return data_use_permissions.may_disclose(
                person, recipient=recipient, category=category, items=question.items, purpose=purpose, at=at
            )
        case "advertise":
            return data_use_permissions.may_advertise(person, channel=question.channel or "", at=at)
        case _:
            return data_use_permissions.may_keep(person, category=category, at=at)


def must_be_a_period(first: date, last: date) -> tuple[date, date]:
    """Return a period of a year at most. Raises BadPeriod."""
    if last < first:
        raise BadPeriod(_("The period ends before it begins."), pointer="/last")
    if last - first > LONGEST_PERIOD:
        raise BadPeriod(_("Ask for a year at most."), pointer="/last")
    return first, last


def hold_shown(hold: Hold) -> dict[str, Any]:
    """Return a hold without the words in it."""
    return {
        "reference": hold.reference,
        "kind": hold.kind,
        "person": hold.subject_id,
        "category": hold.category,
        "until": hold.until,
        "placed_at": hold.placed_at,
    }


def freeze_shown(freeze: Freeze) -> dict[str, Any]:
    """Return a freeze."""
    return {
        "person": freeze.subject_id,
        "category": freeze.category,
        "item": freeze.item,
        "record": freeze.record_id,
        "cause": freeze.cause,
        "case": freeze.case,
        "frozen_at": freeze.frozen_at,
        "until": freeze.until,
    }
