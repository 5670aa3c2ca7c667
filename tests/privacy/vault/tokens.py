"""SoftHSM2: a token of one test's own, and the settings and the environment that lead to it."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from django.test import override_settings

from privacy.vault import key_providers

PROVIDER = "privacy.vault.pkcs11_keys.Pkcs11MasterKeys"
# Debian's place first; make test installs it where it may.
MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so")
LABEL, PIN = "portal", "a pin of the tests"


@dataclass(frozen=True)
class Token:
    """A token in a folder, which can be taken away and put back."""

    folder: Path

    @property
    def pin_file(self) -> Path:
        return self.folder / "token.pin"

    @property
    def environ(self) -> dict[str, str]:
        """The variables that lead another process to it."""
        return {"SOFTHSM2_CONF": str(self.folder / "softhsm2.conf"), "VAULT_MASTER_KEYS": PROVIDER} | {
            name: str(value) for name, value in self.settings.items()
        }

    @property
    def settings(self) -> dict[str, str | Path]:
        return {"PKCS11_MODULE": module(), "PKCS11_TOKEN": LABEL, "PKCS11_PIN_FILE": self.pin_file}

    def take_away(self) -> None:
        """Make the token vanish, as one does that is pulled out or no longer reached."""
        (self.folder / "tokens").rename(self.folder / "taken away")

    def put_back(self) -> None:
        (self.folder / "taken away").rename(self.folder / "tokens")


def module() -> str:
    """Return SoftHSM2's library. Nothing is skipped where it is missing."""
    found = [path for path in MODULES if Path(path).is_file()]
    assert found and shutil.which("softhsm2-util"), "These tests need SoftHSM2: apt-get install softhsm2 (as root)."
    return found[0]


def make_token(folder: Path) -> Token:
    """Make an empty token in ``folder``, as docs/operations.md says."""
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\n")
    made = Token(folder)
    make_another(made, LABEL)
    made.pin_file.touch(0o600)
    made.pin_file.write_text(f"{PIN}\n")
    return made


def make_another(token: Token, label: str) -> None:
    """Make one more token beside ``token``."""
    assert module()
    command = ["softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "only to make it", "--pin", PIN]
    environ = {**os.environ, "SOFTHSM2_CONF": str(token.folder / "softhsm2.conf")}
    subprocess.run(command, env=environ, check=True, capture_output=True)


@contextmanager
def own_token() -> Iterator[Token]:
    """Make a token, and have the settings of this process lead to it."""
    before = os.environ.get("SOFTHSM2_CONF")
    with TemporaryDirectory() as folder:
        token = make_token(Path(folder))
        os.environ["SOFTHSM2_CONF"] = token.environ["SOFTHSM2_CONF"]
        key_providers._provider.cache_clear()
        try:
            with override_settings(VAULT_MASTER_KEYS=PROVIDER, **token.settings):
                yield token
        finally:
            key_providers._provider.cache_clear()
            os.environ.pop("SOFTHSM2_CONF")
            if before is not None:
                os.environ["SOFTHSM2_CONF"] = before
