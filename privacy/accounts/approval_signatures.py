"""Approvals that only an officer's own security key can give, where ``APPROVER_KEYS`` names the keys (decision 0252).

A process of pages that was taken over can write any name into an approval. It can't sign: the key signs a statement of
exactly what is approved (WebAuthn 3; the challenge is the statement's SHA-256), and the worker, which has the list of
keys in its own environment, carries out nothing whose signature does not verify.
"""

import hashlib
import json
import logging
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from allauth.mfa.models import Authenticator
from cryptography.exceptions import InvalidSignature
from django.conf import settings
from django.utils.translation import gettext as _
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AuthenticatorData

from privacy.accounts.models import ApprovalSignature, User
from privacy.lib.errors.refusals import Refusal

log = logging.getLogger("portal.accounts")
FORM = "exafe-privacy-portal approval v1"
# So long the page may stand open between what it shows and the signature, and so far may two clocks differ.
SIGNED_WITHIN, CLOCKS = timedelta(minutes=15), timedelta(minutes=1)
NEEDED = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV
# The longest statement that is kept.
LONGEST = 20_000
# What a key answers and what of it is kept.
ANSWER = ("clientDataJSON", "authenticatorData", "signature")


class NotSigned(Refusal):
    """The approval needs a signature of a security key, and there is none that verifies."""

    code = "not-signed"


class Act(StrEnum):
    DESTROY = "approve-destruction"
    RELEASE = "release-deletion"


@dataclass(frozen=True)
class Approval:
    """One act on one record; ``shown`` is what it covers: the digest of a list's plan, or of a deletion's people."""

    act: Act
    about: str
    shown: str

    def __str__(self) -> str:
        return f"{self.act} {self.about} {self.shown}"


@dataclass(frozen=True)
class Signature:
    """What the browser sent for the acts of one press: when the page was made, and the answer of the security key."""

    made_at: datetime
    approvals: Sequence[Approval]
    credential: Mapping[str, Any]


def are_required() -> bool:
    """Whether approvals of destructions need a signature: where the host names the keys that may give one."""
    return bool(settings.APPROVER_KEYS)


def key_line(account: str, key: bytes) -> str:
    """Return the word for ``APPROVER_KEYS`` by which a key may sign for an account, which is named by reference."""
    return f"{account}:{websafe_encode(hashlib.sha256(key).digest())}"


def keys_of(user: User) -> dict[bytes, bytes]:
    """Return the public keys (COSE) of an account's security keys by credential id."""
    found = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN)
    return dict(map(_credential, found))


def with_lines(keys: Iterable[Authenticator], user: User) -> list[tuple[Authenticator, str, bool]]:
    """Return each security key of an account with its word for ``APPROVER_KEYS``, and whether it stands there."""
    lines = [(each, key_line(user.ref, _credential(each)[1])) for each in keys]
    return [(each, line, line in settings.APPROVER_KEYS) for each, line in lines]


def _credential(authenticator: Authenticator) -> tuple[bytes, bytes]:
    data = authenticator.wrap().authenticator_data.credential_data
    return data.credential_id, cbor.encode(dict(data.public_key))


def statement_of(approvals: Sequence[Approval], *, by: str, at: datetime) -> str:
    """Return the text that is signed: who, when, and one line for each act, in a fixed order."""
    return "\n".join([FORM, f"by {by}", f"at {at.astimezone(UTC).isoformat()}", *sorted(map(str, approvals))]) + "\n"


def signing_keys(user: User) -> list[bytes]:
    """Return the credential ids of the account's security keys that the host names."""
    return [one for one, key in keys_of(user).items() if key_line(user.ref, key) in settings.APPROVER_KEYS]


def options_for(user: User, approvals: Sequence[Approval], *, at: datetime) -> str:
    """Return what the browser asks the security key, as JSON. Raises NotSigned if no key of the person may sign."""
    pinned = signing_keys(user)
    if not pinned:
        raise NotSigned(
            _(
                "This approval needs the signature of a security key. Add one under “My sign-in”, and give the line "
                "shown there to the operator, who adds it to APPROVER_KEYS."
            )
        )
    statement = statement_of(approvals, by=user.ref, at=at)
    if len(statement) > LONGEST:
        raise NotSigned(_("These are too many to sign at once. Select fewer of them."))
    challenge = hashlib.sha256(statement.encode()).digest()
    asked = {
        "challenge": websafe_encode(challenge),
        "rpId": urlsplit(settings.PORTAL_URL).hostname,
        "allowCredentials": [{"type": "public-key", "id": websafe_encode(one)} for one in pinned],
        "userVerification": "required",
        "timeout": 120_000,
    }
    return json.dumps({"publicKey": asked})


def signed(act: Act, about: str, *, by: str) -> Iterator[tuple[str, datetime]]:
    """Yield what an account has signed about a record, and when the page was made: only signatures that verify."""
    said = f"{act} {about} "
    for row in ApprovalSignature.objects.filter(about=about, made_by=by):
        try:
            at, lines = _verified(row, by=by)
        except Exception:  # noqa: BLE001 - of whatever kind
            # Whatever somebody planted is no signature, and stops nobody.
            log.warning("a row that is no signature stands beside %s", about)
            continue
        yield from ((line.removeprefix(said), at) for line in lines if line.startswith(said))


def _verified(row: ApprovalSignature, *, by: str) -> tuple[datetime, list[str]]:
    """Return when the page was made and the lines that were signed. Raises whatever is wrong with the row."""
    if why := why_not(row.statement, key=websafe_decode(row.key), answer=json.loads(row.answer), by=by):
        raise ValueError(why)
    _form, _by, when, *lines = row.statement.splitlines()
    at = datetime.fromisoformat(when.removeprefix("at "))
    if at.tzinfo is None:
        raise ValueError("a moment without its zone")
    return at, lines


def is_timely(made_at: datetime, *, approved_at: datetime) -> bool:
    """Whether a page that was made then can belong to what was approved at that moment."""
    return -CLOCKS <= approved_at - made_at <= SIGNED_WITHIN


def why_not(statement: str, *, key: bytes, answer: Any, by: str) -> str:
    """Return why these bytes are no signature of the statement by a key that may sign for ``by``; empty if they are."""
    if key_line(by, key) not in settings.APPROVER_KEYS:
        return "key"
    if not statement.startswith(f"{FORM}\nby {by}\n"):
        return "name"
    portal = urlsplit(settings.PORTAL_URL)
    try:
        client = websafe_decode(answer["clientDataJSON"])
        said = json.loads(client)
        data = AuthenticatorData(websafe_decode(answer["authenticatorData"]))
        signature = websafe_decode(answer["signature"])
        challenge = websafe_decode(said["challenge"])
    except (KeyError, TypeError, ValueError, RecursionError, struct.error):
        return "form"
    if challenge != hashlib.sha256(statement.encode()).digest() or said.get("type") != "webauthn.get":
        return "statement"
    if said.get("origin") != settings.PORTAL_URL or said.get("crossOrigin") or "topOrigin" in said:
        return "origin"
    if data.rp_id_hash != hashlib.sha256((portal.hostname or "").encode()).digest() or data.flags & NEEDED != NEEDED:
        return "presence"
    try:
        public: Any = cbor.decode(key)
        CoseKey.parse(public).verify(bytes(data) + hashlib.sha256(client).digest(), signature)
    except (InvalidSignature, TypeError, ValueError, KeyError, AttributeError, NotImplementedError):
        return "signature"
    return ""
