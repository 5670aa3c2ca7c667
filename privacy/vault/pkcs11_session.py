"""A session with the token that holds the master key: opened when it is needed, signed in once, opened again when lost.

The library is initialised without locks of its own (python-pkcs11 asks for none), so one thread talks to it at a time.
"""

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import pkcs11
from django.conf import settings
from django.utils.translation import gettext as _
from pkcs11 import exceptions as failures

from privacy.vault.key_providers import read_secret
from privacy.vault.keyservice.refusals import KeyServiceUnavailable
from privacy.vault.refusals import WrongKey

log = logging.getLogger("portal.keyservice")

# Whoever asks waits two seconds; a token that hangs must not gather threads.
WAIT_SECONDS = 1.5
# A token that was away is not asked for again at once: each try may take its library's own time-out.
RETRY_SECONDS = 1.0
WRONG_PIN = (failures.PinIncorrect, failures.PinInvalid, failures.PinLenRange, failures.PinExpired, failures.PinLocked)

_alone = threading.RLock()
_libraries: dict[str, Any] = {}


def _after_fork() -> None:
    """Forget who held it: that thread is in the parent."""
    global _alone
    _alone = threading.RLock()


os.register_at_fork(after_in_child=_after_fork)


class TokenSession:
    """The token that the settings name, for one thread at a time (``alone``)."""

    def __init__(self) -> None:
        self._session: pkcs11.Session | None = None
        self._process = 0
        self._refused_pin = b""
        self._not_before = 0.0

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other threads out. Raises KeyServiceUnavailable where the token does not answer, or is busy too long."""
        lock = _alone
        if not lock.acquire(timeout=WAIT_SECONDS):
            log.warning("the token %s has not answered another thread yet", settings.PKCS11_TOKEN)
            raise KeyServiceUnavailable
        try:
            yield
        except failures.PKCS11Error as error:
            log.warning("the token %s does not answer: %s", settings.PKCS11_TOKEN, _told(error))
            self.forget()
            raise KeyServiceUnavailable from error
        finally:
            lock.release()

    def session(self) -> pkcs11.Session:
        """Return the session for reading. Raises KeyServiceUnavailable, WrongKey, and what the library raises."""
        if self._session is None or self._process != os.getpid():
            if time.monotonic() < self._not_before:
                raise KeyServiceUnavailable
            try:
                self._session, self._process = self._open(), os.getpid()
            except failures.PKCS11Error:
                self._not_before = time.monotonic() + RETRY_SECONDS
                raise
        return self._session

    def forget(self) -> None:
        """Let the session go; the next question opens another."""
        self._session = None

    @contextmanager
    def writing(self) -> Iterator[pkcs11.Session]:
        """Open a session that may make and destroy keys. It has the other's sign-in."""
        session = self.session().token.open(rw=True)
        try:
            yield session
        finally:
            with suppress(failures.PKCS11Error):
                session.close()

    def _open(self) -> pkcs11.Session:
        token = _token(settings.PKCS11_MODULE, settings.PKCS11_TOKEN)
        pin = _pin(settings.PKCS11_PIN_FILE)
        # A token locks itself after a few wrong PINs; a service that starts again and again must not bring that about.
        if sha256(pin.encode()).digest() == self._refused_pin:
            raise WrongKey(_("The token that holds the master key has refused this PIN. Correct the PIN file."))
        if token.flags & (pkcs11.TokenFlag.USER_PIN_FINAL_TRY | pkcs11.TokenFlag.USER_PIN_LOCKED):
            raise WrongKey(
                _(
                    "The token that holds the master key allows one more PIN attempt, or none. Sign in with the "
                    "manufacturer's tool, then start the key service again."
                )
            )
        try:
            return token.open(user_pin=pin)
        except WRONG_PIN as error:
            log.warning("the token %s refused the PIN: %s", settings.PKCS11_TOKEN, _told(error))
            self._refused_pin = sha256(pin.encode()).digest()
            raise WrongKey(
                _("The token that holds the master key has refused this PIN. Correct the PIN file.")
            ) from error


def _token(module: str, label: str) -> pkcs11.Token:
    try:
        token: pkcs11.Token = _library(module).get_token(token_label=label)
    except failures.MultipleTokensReturned as error:
        raise WrongKey(_("There are two tokens named %(name)s.") % {"name": label}) from error
    return token


def _library(module: str) -> Any:
    """Return the token's library, initialised anew: after a fork, and where a token was away, it knows no session."""
    if not Path(module).is_file():
        raise WrongKey(_("There is no library at PKCS11_MODULE: %(name)s.") % {"name": module or "–"})
    if module in _libraries:
        with suppress(failures.PKCS11Error):
            _libraries[module].finalize()
        _libraries[module].initialize()
    else:
        _libraries[module] = pkcs11.lib(module)
    return _libraries[module]


def _pin(path: Path) -> str:
    try:
        return read_secret(path).strip()
    except WrongKey as error:
        raise WrongKey(
            _(
                "The token's PIN can't be read from %(name)s. Only the key service's user may have access to that "
                "file (0600)."
            )
            % {"name": path.name}
        ) from error


def _told(error: Exception) -> str:
    return f"{type(error).__name__} {error}".strip()
