"""The master key in a token (PKCS#11): an HSM, or SoftHSM2 to try it with. No generation ever leaves it.

Each generation is an AES-256 key object, made in the token, sensitive and not extractable; its label says its number.
The token wraps and unwraps by AES-GCM, so each wrapped key costs a call: measured 45,000 a second with SoftHSM2 (10,000
keys in 0.22 s of a core, where a key file takes 0.01 s); a token behind a network does as many as its answering time
lets through. Calls go one after the other (``pkcs11_session``), and a batch lets others in between any two keys.
"""

import os
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from hashlib import sha256
from typing import Any

from django.utils.translation import gettext as _
from pkcs11 import (
    Attribute,
    GCMParams,
    KeyType,
    Mechanism,
    MechanismFlag,
    ObjectClass,
    PKCS11Error,
    Session,
)
from pkcs11.exceptions import ObjectHandleInvalid

from privacy.vault import crypto
from privacy.vault.key_providers import WrappedKey
from privacy.vault.keyservice.refusals import KeyServiceUnavailable
from privacy.vault.pkcs11_session import TokenSession
from privacy.vault.refusals import WrongKey

LABEL = "privacy.vault master key "
NUMBERED = re.compile(re.escape(LABEL) + "([1-9][0-9]*)")
# What is asked of a new key beside being one: neither key nor number is ever changed, copied or brought out.
PROTECTED = {
    Attribute.PRIVATE: True,
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.MODIFIABLE: False,
    Attribute.COPYABLE: False,
}
# The library puts its class together at run time, by what the key may do.
type Key = Any

# How often two hosts may make the same generation in the same moment, on machines that are busy.
ATTEMPTS = 40
CHECK = b"privacy.vault key check v1"
# No wrapped key has this nonce (they are random), and what is encrypted under it is always the same.
CHECK_NONCE = bytes(crypto.NONCE_BYTES)


class Pkcs11MasterKeys:
    """Generations in the token that ``settings.PKCS11_TOKEN`` names, reached through ``settings.PKCS11_MODULE``.

    Every method raises KeyServiceUnavailable while the token does not answer, and WrongKey where it refuses the PIN.
    """

    secret_file = "PKCS11_PIN_FILE"  # noqa: S105 - the name of a setting

    def __init__(self) -> None:
        self._token = TokenSession()
        self._held: dict[int, Key] = {}
        self._held_in: Session | None = None

    def generations(self) -> frozenset[int]:
        with self._token.alone():
            self._look()
            if not self._held:
                raise WrongKey(_("The token holds no master key. Restore the token. A new key can't open anything."))
            return frozenset(self._held)

    def check_value(self, generation: int) -> bytes:
        return sha256(self._ask(generation, _check)).digest()

    def wrap(self, generation: int, keys: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
        return [
            nonce + self._ask(generation, partial(_encrypt, nonce=nonce, raw=raw, label=label))
            for nonce, (raw, label) in zip(crypto.nonces(len(keys)), keys, strict=True)
        ]

    def unwrap(self, keys: Sequence[WrappedKey]) -> list[bytes]:
        return [
            self._ask(generation, partial(_decrypt, ciphertext=ciphertext, label=label))
            for generation, ciphertext, label in keys
        ]

    def begin(self, after: int) -> int:
        with self._token.alone():
            for _attempt in range(ATTEMPTS):
                held = _settled(self._token.session())
                if after and after not in held:
                    raise _missing(after)  # the wrong token, or one that is on its way out
                newer = [number for number in held if number > after]
                if newer:
                    return min(newer)
                if self._make(after + 1):
                    return after + 1
        raise _ambiguous(after + 1)

    def destroy(self, generation: int) -> None:
        with self._token.alone(), self._token.writing() as session:
            held = _master_keys(session)
            if not held:
                raise KeyServiceUnavailable  # a newer generation is always there: this token is on its way out
            for key in [key for number, key in held if number == generation]:
                with suppress(ObjectHandleInvalid):  # another host was quicker
                    key.destroy()
            self._held.pop(generation, None)
            if generation in dict(_master_keys(session)):
                raise WrongKey(
                    _("The token doesn't allow generation %(number)d of the master key to be destroyed.")
                    % {"number": generation}
                )

    def _ask(self, generation: int, operation: Callable[[Key], bytes]) -> bytes:
        """Return what the token answers; where it has lost the session or the key, ask once more in a new session."""
        with self._token.alone():
            key = self._key(generation)
            try:
                return operation(key)
            except PKCS11Error as error:
                # Tokens don't agree on how they refuse a ciphertext: one that still works with the key has refused it.
                if _works(key):
                    raise WrongKey(_("A wrapped key can't be unwrapped with the master key in the token.")) from error
            self._token.forget()
            return operation(self._key(generation))

    def _key(self, generation: int) -> Key:
        if self._held_in is not self._token.session() or generation not in self._held:
            self._look()
        try:
            return self._held[generation]
        except KeyError:
            raise _missing(generation) from None

    def _look(self) -> None:
        """Look which generations the token has. Raises WrongKey for two of a number, and for one that can be read."""
        session = self._token.session()
        self._held, self._held_in = {}, session
        held = _settled(session)
        if not held:
            # A token that went away may show nothing to a session of before.
            self._token.forget()
            self._held_in = self._token.session()
            held = _settled(self._held_in)
        for number, key in held.items():
            if key[Attribute.EXTRACTABLE] or not key[Attribute.SENSITIVE]:
                raise WrongKey(
                    _("Generation %(number)d of the master key can be extracted from the token, so it can't be used.")
                    % {"number": number}
                )
        self._held = held

    def _make(self, generation: int) -> bool:
        """Make a generation; return whether it is the only one of its number. If it isn't, it was taken back."""
        with self._token.writing() as session:
            made = session.generate_key(
                KeyType.AES,
                crypto.KEY_BYTES * 8,
                id=os.urandom(16),
                label=f"{LABEL}{generation}",
                store=True,
                capabilities=MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT,
                template=PROTECTED,
            )
            alone = [number for number, _key in _master_keys(session)].count(generation) == 1
            if not alone:
                made.destroy()
                _pause()
            return alone


def _master_keys(session: Session) -> list[tuple[int, Key]]:
    """Return the generations in the token with their numbers, also those of one number."""
    wanted = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.KEY_TYPE: KeyType.AES, Attribute.TOKEN: True}
    for _attempt in range(ATTEMPTS):
        try:
            keys = list(session.get_objects(wanted))
            named = [(NUMBERED.fullmatch(key[Attribute.LABEL]), key) for key in keys]
        except ObjectHandleInvalid:
            _pause()  # another host destroyed it between the search and the look at its label
        else:
            return [(int(name[1]), key) for name, key in named if name]
    raise KeyServiceUnavailable


def _settled(session: Session) -> dict[int, Key]:
    """Return the generations by number. Where two hosts made one at once, wait until either took its own back."""
    for _attempt in range(ATTEMPTS):
        found = _master_keys(session)
        twice = [number for number, times in Counter(number for number, _key in found).items() if times > 1]
        if not twice:
            return dict(found)
        _pause()
    raise _ambiguous(twice[0])


def _pause() -> None:
    """Wait for a moment of any length, so that two hosts don't go on in step."""
    time.sleep(random.uniform(0, 0.1))  # noqa: S311 - hides nothing


def _encrypt(key: Key, *, nonce: bytes, raw: bytes, label: bytes) -> bytes:
    bound = GCMParams(nonce, label, crypto.TAG_BYTES * 8)
    return bytes(key.encrypt(raw, mechanism=Mechanism.AES_GCM, mechanism_param=bound))


def _decrypt(key: Key, *, ciphertext: bytes, label: bytes) -> bytes:
    nonce, sealed = ciphertext[: crypto.NONCE_BYTES], ciphertext[crypto.NONCE_BYTES :]
    bound = GCMParams(nonce, label, crypto.TAG_BYTES * 8)
    return bytes(key.decrypt(sealed, mechanism=Mechanism.AES_GCM, mechanism_param=bound))


def _check(key: Key) -> bytes:
    return _encrypt(key, nonce=CHECK_NONCE, raw=CHECK, label=CHECK)


def _works(key: Key) -> bool:
    try:
        _check(key)
    except PKCS11Error:
        return False
    return True


def _missing(generation: int) -> WrongKey:
    return WrongKey(
        _(
            "Generation %(number)d of the master key is missing from the token. Restore the token. A new key can't "
            "open anything."
        )
        % {"number": generation}
    )


def _ambiguous(generation: int) -> WrongKey:
    return WrongKey(
        _("The token has two keys that are generation %(number)d of the master key. Remove the one made last.")
        % {"number": generation}
    )
