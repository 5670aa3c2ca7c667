"""Where the key service has the master key from: never a database. A small interface, so that a KMS or an HSM can stand
in for the file.

``settings.VAULT_MASTER_KEYS`` names the class; the default reads ``settings.MASTER_KEY_FILE``: one line for each
generation, ``<number> <base64 of 32 bytes>``, mode 0600. A missing, unreadable, truncated or world-readable file
stops the portal; a provider never makes the first key by itself (FLT-12).
"""

import base64
import binascii
import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from privacy.vault import crypto
from privacy.vault.refusals import WrongKey


class WrappedKey(NamedTuple):
    """A key under the master key: the generation that wrapped it, its bytes, and what it is bound to."""

    generation: int
    ciphertext: bytes
    label: bytes


class MasterKeys(Protocol):
    """What the vault asks of the holder of the master key."""

    # The setting that names the file it needs; empty, where it needs none.
    secret_file: str

    def generations(self) -> frozenset[int]:
        """Return the generations that are at hand."""

    def check_value(self, generation: int) -> bytes:
        """Return the key check value of a generation; raises ``WrongKey`` if it isn't at hand."""

    def wrap(self, generation: int, keys: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
        """Wrap raw keys, each with the label it is bound to."""

    def unwrap(self, keys: Sequence[WrappedKey]) -> list[bytes]:
        """Unwrap keys. Raises ``WrongKey`` if one of them does not open."""

    def begin(self, after: int) -> int:
        """Return the generation that follows ``after``, made now unless an interrupted turn made it before."""

    def destroy(self, generation: int) -> None:
        """Destroy a generation for good; safe to repeat."""


class _InMemoryGenerations:
    """Wrapping and unwrapping with generations held in memory; subclasses say where they come from."""

    secret_file = ""

    def __init__(self) -> None:
        self._held: Mapping[int, bytes] = {}
        self._ciphers: dict[int, AESGCM] = {}

    def _read(self) -> Mapping[int, bytes]:
        return {}

    def _changed(self) -> bool:
        """Whether the place that the generations come from has changed since they were read."""
        return False

    def _reload(self) -> None:
        try:
            self._held = self._read()
        except WrongKey:
            # What is refused once is refused until it is mended: nothing held from before opens anything.
            self._held, self._ciphers = {}, {}
            raise
        self._ciphers = {generation: AESGCM(key) for generation, key in self._held.items()}

    def _cipher(self, generation: int) -> AESGCM:
        if generation not in self._ciphers or self._changed():
            self._reload()
        try:
            return self._ciphers[generation]
        except KeyError:
            raise WrongKey(
                _(
                    "Generation %(number)d of the master key is missing. Restore its file. A new key can't open "
                    "anything."
                )
                % {"number": generation}
            ) from None

    def generations(self) -> frozenset[int]:
        self._reload()
        return frozenset(self._held)

    def check_value(self, generation: int) -> bytes:
        self._cipher(generation)
        return crypto.check_value(self._held[generation])

    def wrap(self, generation: int, keys: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
        cipher = self._cipher(generation)
        ciphertexts = []
        for raw, label in keys:
            nonce = os.urandom(crypto.NONCE_BYTES)
            ciphertexts.append(nonce + cipher.encrypt(nonce, raw, label))
        return ciphertexts

    def unwrap(self, keys: Sequence[WrappedKey]) -> list[bytes]:
        ciphers = {generation: self._cipher(generation).decrypt for generation in {key.generation for key in keys}}
        try:
            return [
                ciphers[generation](ciphertext[:12], ciphertext[12:], label) for generation, ciphertext, label in keys
            ]
        except (InvalidTag, ValueError):
            raise WrongKey(
                _("A wrapped key can't be unwrapped with the current master key. Restore the right key file.")
            ) from None


class FileMasterKeys(_InMemoryGenerations):
    """Generations in a file that only the portal's user may read."""

    secret_file = "MASTER_KEY_FILE"  # noqa: S105 - the name of a setting

    def __init__(self, path: Path | None = None) -> None:
        super().__init__()
        self.path = path or settings.MASTER_KEY_FILE
        self._seen = (0, 0, 0)

    def _read(self) -> Mapping[int, bytes]:
        self._seen = self._stamp()
        return parse_key_file(read_secret(self.path), self.path.name)

    def _stamp(self) -> tuple[int, int, int]:
        try:
            state = self.path.stat()
        except OSError:
            return (0, 0, 0)
        # The last one also moves when the file is opened to others.
        return (state.st_ino, state.st_mtime_ns, state.st_ctime_ns)

    def _changed(self) -> bool:
        # A generation that was destroyed in the file must not live on in this process.
        return self._stamp() != self._seen

    def begin(self, after: int) -> int:
        with lock_key_file(self.path):
            self._reload()
            newer = [generation for generation in self._held if generation > after]
            if newer:
                return min(newer)
            write_secret(self.path, format_key_file({**self._held, after + 1: crypto.new_key()}))
        self._reload()
        return after + 1

    def destroy(self, generation: int) -> None:
        with lock_key_file(self.path):
            self._reload()
            if generation in self._held:
                kept = {number: key for number, key in self._held.items() if number != generation}
                write_secret(self.path, format_key_file(kept))
        self._reload()


class EnvironmentMasterKeys(_InMemoryGenerations):
    """Generations in an environment variable, named by ``settings.MASTER_KEY_VARIABLE``; lines part at commas.

    Whoever sets the variable adds and removes generations; the portal only asks for it.
    """

    def _read(self) -> Mapping[int, bytes]:
        name = settings.MASTER_KEY_VARIABLE
        if not os.environ.get(name):
            raise WrongKey(_("The environment variable %(name)s holds no master key.") % {"name": name})
        return parse_key_file(os.environ[name].replace(",", "\n"), name)

    def begin(self, after: int) -> int:
        newer = [generation for generation in self.generations() if generation > after]
        if not newer:
            raise WrongKey(
                _("Add generation %(number)d of the master key to the environment first.") % {"number": after + 1}
            )
        return min(newer)

    def destroy(self, generation: int) -> None:
        if generation in self.generations():
            raise WrongKey(
                _("Remove generation %(number)d of the master key from the environment, then continue.")
                % {"number": generation}
            )


def parse_key_file(text: str, name: str) -> dict[int, bytes]:
    """Return the generations written in ``text``; raises ``WrongKey`` for anything that is not exactly that."""
    held: dict[int, bytes] = {}
    try:
        for line in filter(None, (line.strip() for line in text.splitlines())):
            number, encoded = line.split()
            key = base64.b64decode(encoded, validate=True)
            if len(key) != crypto.KEY_BYTES or int(number) < 1 or int(number) in held:
                raise ValueError(line)
            held[int(number)] = key
    except (ValueError, binascii.Error):
        held = {}
    if not held:
        raise WrongKey(_("The key in %(name)s is damaged. Restore it from its backup.") % {"name": name}) from None
    return held


def format_key_file(held: Mapping[int, bytes]) -> str:
    """Return the text of a key file."""
    return "".join(f"{number} {base64.b64encode(key).decode()}\n" for number, key in sorted(held.items()))


def read_secret(path: Path) -> str:
    """Return the content of a secret file; raises ``WrongKey`` if it is missing or others may read it."""
    try:
        mode = path.stat().st_mode
        text = path.read_text()
    except (OSError, UnicodeDecodeError):
        raise WrongKey(
            _("The key file %(name)s is missing or can't be read. Restore it. A new key can't open anything.")
            % {"name": path.name}
        ) from None
    if mode & 0o077:
        raise WrongKey(_("The key file %(name)s can be read by others. Make it 0600.") % {"name": path.name})
    return text


def write_secret(path: Path, text: str) -> None:
    """Replace a secret file as a whole; what stood there before is overwritten first, as far as the disk lets us."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    old = os.open(path, os.O_WRONLY) if path.exists() else None
    fresh.replace(path)
    _sync(path.parent)
    if old is not None:
        os.pwrite(old, bytes(os.fstat(old).st_size), 0)
        os.fsync(old)
        os.close(old)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


@contextmanager
def lock_key_file(path: Path) -> Iterator[None]:
    """Hold the key file against other writers on this host."""
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def key_files() -> dict[str, Path]:
    """Return the key service's files, by the settings that name them."""
    masters = {"MASTER_KEY_FILE": settings.MASTER_KEY_FILE, "PKCS11_PIN_FILE": settings.PKCS11_PIN_FILE}
    needed = import_string(settings.VAULT_MASTER_KEYS).secret_file
    return {
        **{name: path for name, path in masters.items() if name == needed},
        "INDEX_KEY_FILE": settings.INDEX_KEY_FILE,
        "CERTIFICATE_KEY_FILE": settings.CERTIFICATE_KEY_FILE,
    }


@lru_cache(maxsize=1)
def _provider(name: str, path: Path) -> MasterKeys:
    provider: MasterKeys = import_string(name)()
    return provider


def master_keys() -> MasterKeys:
    """Return the provider that the settings name."""
    return _provider(settings.VAULT_MASTER_KEYS, settings.MASTER_KEY_FILE)


@lru_cache(maxsize=1)
def _index_key(path: Path) -> bytes:
    held = parse_key_file(read_secret(path), path.name)
    return held[max(held)]


def index_key() -> bytes:
    """Return the blind indexes' own key; raises ``WrongKey`` like the master key's file."""
    return _index_key(settings.INDEX_KEY_FILE)
