"""Texts of agreements: drafted, published, replaced. A published text never changes (law C-09)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from consents import consent_status
from consents.events import Event
from consents.models import NOTICES, Agreement, AgreementVersion
from privacy.accounts.second_person import require_second_person
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.crypto import canonical_json
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal

TEXT_FIELDS = tuple(
    f"{part}_{language}" for part in ("title", "body", *NOTICES, "recipient") for language in ("ko", "en")
)
CODE_FIELDS = ("item_codes", "purpose_codes", "asks_again")
# What people were told when they agreed: a change of it needs a new consent (law C-09, P-02).
TOLD = tuple(f"{part}_{language}" for part in (*NOTICES, "recipient") for language in ("ko", "en"))


class DraftExists(Refusal):
    """An agreement has one draft at once."""

    code = "draft-exists"


class NotADraft(Refusal):
    """Only a draft can be changed, discarded or published."""

    code = "not-a-draft"


class OwnText(Refusal):
    """Who wrote a text does not publish it."""

    code = "own-work"


class ChangedText(Refusal):
    """The draft was changed after it was read: what is published is what somebody read."""

    code = "changed-text"


class AsksNobody(Refusal):
    """What a consent was given to has changed, so a text that asks nobody again is not published (law C-09)."""

    code = "asks-nobody"


class RestsOnOtherBasis(Refusal):
    """By the policy in force, everything that the text asks for rests on something else than consent (law C-06)."""

    code = "rests-on-other-basis"


class IncompleteText(Refusal):
    """A text that people decide about has its title and four notices in both languages (law C-01)."""

    code = "incomplete-text"


@transaction.atomic
def offer_provision(
    *,
    recipient: str,
    words: Mapping[str, Any],
    position: int = 50,
    actor: Actor,
    at: datetime,
    publisher: Actor | None = None,
) -> AgreementVersion:
    """Make the agreement ``provision-<recipient>`` and publish its first text (law P-02).

    ``words`` has the texts, the recipient and its use, item codes and purpose codes. A text that an officer writes
    needs another as ``publisher``. Raises NotPermitted, OwnText, IncompleteText, DraftExists; AsksNobody where the
    agreement has a text already that says something else.
    """
    require_permission(actor, "consents.draft_agreement")
    agreement, _made = Agreement.objects.get_or_create(
        code=f"provision-{recipient}",
        defaults={"kind": Agreement.Kind.PROVISION, "recipient": recipient, "position": position},
    )
    return publish_text(draft_text(agreement, words=words, actor=actor, at=at), actor=publisher or actor, at=at)


@transaction.atomic
def draft_text(agreement: Agreement, *, words: Mapping[str, Any], actor: Actor, at: datetime) -> AgreementVersion:
    """Begin a new text, from the one in force where ``words`` says nothing else. Raises NotPermitted, DraftExists."""
    require_permission(actor, "consents.draft_agreement", about=agreement)
    row = Agreement.objects.select_for_update().get(pk=agreement.pk)
    if row.versions.filter(state=AgreementVersion.State.DRAFT).exists():
        raise DraftExists(_("There is already a draft of this agreement. Publish or discard it first."))
    before = row.versions.published().first()
    values = {name: getattr(before, name) for name in (*TEXT_FIELDS, *CODE_FIELDS)} if before else {}
    values.update({name: value for name, value in words.items() if name in (*TEXT_FIELDS, *CODE_FIELDS)})
    highest = row.versions.aggregate(highest=Max("number"))["highest"] or 0
    draft = AgreementVersion.objects.create(
        agreement=row, number=highest + 1, drafted_by=actor.ref, drafted_at=at, **values
    )
    ledger.record(Event.TEXT_DRAFTED, actor=actor, at=at, about=draft, facts=_facts(draft))
    return draft


@transaction.atomic
def revise_text(version: AgreementVersion, *, words: Mapping[str, Any], actor: Actor, at: datetime) -> AgreementVersion:
    """Change a draft. Raises NotPermitted, NotADraft."""
    require_permission(actor, "consents.draft_agreement", about=version)
    row = _draft(version)
    changed = sorted(
        name for name in (*TEXT_FIELDS, *CODE_FIELDS) if name in words and words[name] != getattr(row, name)
    )
    if changed:
        for name in changed:
            setattr(row, name, words[name])
        # The words are now this person's: another publishes them.
        row.drafted_by, row.drafted_at = actor.ref, at
        row.save(update_fields=[*changed, "drafted_by", "drafted_at"])
        ledger.record(Event.TEXT_REVISED, actor=actor, at=at, about=row, facts={**_facts(row), "changed": changed})
    return row


@transaction.atomic
def discard_text(version: AgreementVersion, *, actor: Actor, at: datetime) -> None:
    """Throw a draft away. Raises NotPermitted, NotADraft."""
    require_permission(actor, "consents.draft_agreement", about=version)
    row = _draft(version)
    ledger.record(Event.TEXT_DISCARDED, actor=actor, at=at, about=row, facts=_facts(row))
    row.delete()


@transaction.atomic
def publish_text(version: AgreementVersion, *, actor: Actor, at: datetime, read: str = "") -> AgreementVersion:
    """Put a draft in force in place of the text before it; from now on it never changes.

    Where it asks again, whoever agreed to an earlier text is on the list of those to ask (law C-09).
    ``read`` is the digest of the words that somebody read before pressing the button, with whether it asks again.
    Raises NotPermitted, NotADraft, OwnText, NotASecondPerson, IncompleteText, RestsOnOtherBasis, AsksNobody,
    ChangedText.
    """
    require_permission(actor, "consents.publish_agreement", about=version)
    row = _draft(version)
    publisher = actor.ref
    if actor.kind == "user":
        same = OwnText(_("You wrote this text, so another person must publish it."))
        publisher = require_second_person(actor, asked_by=row.drafted_by, about=row, same=same, at=at)
    if read and read != draft_digest(row):
        raise ChangedText(_("Someone has changed the draft since you opened this page. Read it again."))
    needed = [name for name in TEXT_FIELDS if not name.startswith("recipient")]
    if row.agreement.kind == Agreement.Kind.PROVISION:
        needed += ["recipient_ko", "recipient_en"]
    missing = [str(row._meta.get_field(name).verbose_name) for name in needed if not getattr(row, name).strip()]  # type: ignore[union-attr]
    if missing:
        raise IncompleteText(_("Still missing: %(parts)s.") % {"parts": ", ".join(missing)})
    if basis := consent_status.basis_without_consent(row, clock.kst_date(at)):
        raise RestsOnOtherBasis(
            _(
                "Under the policy in force, this rests on another basis, so people aren't asked to consent to it: "
                "%(basis)s. Discard the draft, or first publish a policy under which it rests on consent."
            )
            % {"basis": basis}
        )
    for before in AgreementVersion.objects.select_for_update().published().filter(agreement=row.agreement):
        _must_ask_again(row, before)
        before.state, before.superseded_at = AgreementVersion.State.SUPERSEDED, at
        before.save(update_fields=["state", "superseded_at"])
    row.state, row.published_at, row.published_by = AgreementVersion.State.PUBLISHED, at, publisher
    row.digest = row.computed_digest()
    row.save(update_fields=["state", "published_at", "published_by", "digest"])
    ledger.record(Event.TEXT_PUBLISHED, actor=actor, at=at, about=row, facts={**_facts(row), "text": row.digest})
    return row


def _must_ask_again(row: AgreementVersion, before: AgreementVersion) -> None:
    """Raise AsksNobody where the notices say something else than before and nobody is asked (decision 0084)."""
    if row.asks_again:
        return
    changed = [str(row._meta.get_field(name).verbose_name) for name in told_otherwise(row, before)]  # type: ignore[union-attr]
    if changed:
        raise AsksNobody(
            _(
                "What people agreed to has changed: %(parts)s. Mark the text so that earlier "
                "decisions are asked for again."
            )
            % {"parts": ", ".join(changed)},
            pointer="/asks_again",
        )


def told_otherwise(row: AgreementVersion, before: AgreementVersion) -> list[str]:
    """Return in which notices and codes two texts differ; spaces, signs and capitals make no difference."""
    words = [name for name in TOLD if _letters(getattr(row, name)) != _letters(getattr(before, name))]
    codes = [name for name in ("item_codes", "purpose_codes") if set(getattr(row, name)) != set(getattr(before, name))]
    return [*words, *codes]


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def draft_digest(version: AgreementVersion) -> str:
    """Return the digest of all that publishing puts in force: the words, the codes, and whether it asks again."""
    return canonical_json.digest({**version.content(), "asks_again": version.asks_again})


def _draft(version: AgreementVersion) -> AgreementVersion:
    row = AgreementVersion.objects.select_for_update().select_related("agreement").get(pk=version.pk)
    if row.state != AgreementVersion.State.DRAFT:
        raise NotADraft(_("This text is no longer a draft: a published text never changes."))
    return row


def _facts(version: AgreementVersion) -> dict[str, Any]:
    return {"agreement": version.agreement.code, "version": version.number, "asks_again": version.asks_again}
