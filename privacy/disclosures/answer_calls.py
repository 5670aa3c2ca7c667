"""The answer of a recipient's own system to a webhook: JSON, signed with two keys (docs/recipients.md).

Its webhook key, which the office can see too, and the signing key of its question, which that webhook alone carries.
"""

import hmac
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.utils.translation import gettext as _

from privacy.disclosures import actions as disclosures
from privacy.disclosures import notice_texts, proof_keys, proof_texts
from privacy.disclosures.actions import ItemAnswer
from privacy.disclosures.models import CorrectionProof, Notice, RecipientAnswer, ThirdParty
from privacy.disclosures.refusals import NotSigned, WrongAnswer
from privacy.lib.crypto import canonical_json

LONGEST_BODY = 64 * 1024
LONGEST_TEXT = 64
# No notice is asked about so often.
MOST_ROUNDS = 1_000


def take_answer(reference: str, headers: Mapping[str, str], body: bytes, *, at: datetime) -> CorrectionProof:
    """Take what a recipient's system answered. Raises NotSigned for who hasn't both keys, and what an answer raises.

    A notice that doesn't exist is refused like a wrong signature, so that numbers can't be tried.
    """
    notice = Notice.objects.select_related("third_party").filter(reference=reference).first()
    stamp, given = headers.get("X-Extrus-Timestamp", ""), headers.get("X-Extrus-Signature", "")
    if notice is None or notice.third_party.channel != ThirdParty.Channel.WEBHOOK:
        raise _not_signed()
    signed = proof_texts.answer_signed(stamp, body)
    key = notice_texts.webhook_key(notice.third_party).encode()
    if not _is_mac(given, key, signed) or not proof_texts.is_fresh(stamp, at=at):
        raise _not_signed()
    said = _read(body)
    if said.get("notice") != notice.reference:
        raise WrongAnswer(_("The answer names another notice."), pointer="/notice")
    asked = said.get("round")
    if not isinstance(asked, int) or isinstance(asked, bool) or not 0 < asked <= MOST_ROUNDS:
        raise WrongAnswer(_("Name the round that you answer."), pointer="/round")
    given = headers.get("X-Extrus-Answer-Signature", "")
    if not _is_mac(given, proof_keys.signing_key_of_round(notice.id, asked), signed):
        raise NotSigned(
            _("Sign the answer with the key of its question too: answer.signing_key of our newest webhook.")
        )
    given_items = _items(said.get("items"))
    return disclosures.answer(notice, given_items, asked=asked, way=RecipientAnswer.Way.WEBHOOK, at=at)


def _is_mac(given: str, key: bytes, signed: bytes) -> bool:
    right = f"sha256={hmac.new(key, signed, sha256).hexdigest()}"
    return hmac.compare_digest(right.encode(), given.encode())


def _not_signed() -> NotSigned:
    return NotSigned(_("The signature is wrong or too old. Compare the webhook key and your clock."))


def _read(body: bytes) -> dict[str, Any]:
    try:
        said = canonical_json.read(body)
    except (ValueError, RecursionError):
        said = None
    if len(body) > LONGEST_BODY or not isinstance(said, dict):
        raise WrongAnswer(_("Send a JSON object of at most 64 KB."))
    return said


def _items(given: object) -> dict[str, ItemAnswer]:
    """Return the answers by item. A system sends commitments: no value of personal data is taken here."""
    if not isinstance(given, dict):
        raise WrongAnswer(_("Answer for every item of the notice, and for no other."), pointer="/items")
    found = {}
    for item, one in given.items():
        parts = one if isinstance(one, dict) else {}
        texts = {name: parts.get(name, "") for name in ("says", "commitment", "reason")}
        if not all(isinstance(text, str) and len(text) <= LONGEST_TEXT for text in texts.values()):
            raise WrongAnswer(_("State what became of each item."), pointer=f"/items/{str(item)[:40]}")
        found[str(item)] = ItemAnswer(**texts)
    return found
