"""Keys of one test's own, so that turning, losing or damaging them harms no other test."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import override_settings

from privacy.vault import actions as vault
from privacy.vault import key_providers
from privacy.vault.models import EncryptedFile
from tests.factory import make_sealed_file
from tests.privacy.vault import tokens
from tests.privacy.vault.decryption_sessions import decryption_session

FILES = {"MASTER_KEY_FILE": "master.key", "INDEX_KEY_FILE": "index.key", "CERTIFICATE_KEY_FILE": "certificate.key"}


@contextmanager
def own_keys_in(holder: str) -> Iterator[Path]:
    """Do as ``own_keys``, with the master key in a file or in a token."""
    with tokens.own_token() if holder == "token" else nullcontext(), own_keys() as made:
        yield made


@contextmanager
def own_keys() -> Iterator[Path]:
    """Make a folder with a set of keys and point the settings at it; yield the folder."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        with override_settings(**{setting: folder / file for setting, file in FILES.items()}):
            call_command("make_keys", verbosity=0)
            yield folder


def generations(folder: Path) -> set[int]:
    """Return the generations in a folder's master key file, or in the token that the settings lead to."""
    if settings.VAULT_MASTER_KEYS == tokens.PROVIDER:
        return set(key_providers.master_keys().generations())
    return set(key_providers.parse_key_file((folder / "master.key").read_text(), "master.key"))


def in_environment(folder: Path) -> dict[str, str]:
    """Return the variables that point another process at these keys."""
    files = {setting: str(folder / file) for setting, file in FILES.items()}
    if settings.VAULT_MASTER_KEYS == tokens.PROVIDER:
        return {**files, **tokens.Token(settings.PKCS11_PIN_FILE.parent).environ}
    return files


def refuses_all(file: EncryptedFile) -> None:
    """See that with the keys as they are now nothing is opened or sealed, and the check of them says why."""
    with pytest.raises(vault.WrongKey):
        vault.check_keys()
    with decryption_session() as vault_session, pytest.raises(vault.WrongKey):
        vault_session.decrypt(file, "name")
    with pytest.raises(vault.WrongKey):
        make_sealed_file()
