"""``manage.py make_keys``: the key files of a new portal."""

import base64
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy.lib.errors.refusals import Refusal
from privacy.vault import crypto, key_providers
from privacy.vault.refusals import WrongKey


class Command(BaseCommand):
    help = "Make the master key, the index key and the certificate key where each belongs. Never replaces a key."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--if-missing", action="store_true", help="leave the files that exist as they are")
        parser.add_argument(
            "--for-production", action="store_true", help="outside development: this is a new, empty portal"
        )

    def handle(self, *args: Any, if_missing: bool, for_production: bool, verbosity: int, **options: Any) -> None:
        """Make each key that is missing; refuse as a whole if one exists and ``--if-missing`` was not given.

        Where no file holds the master key (``VAULT_MASTER_KEYS``), its holder makes the first generation.
        """
        if not settings.DEVELOPMENT and not for_production:
            raise CommandError(
                "Keys are made here in development only. For a new, empty portal say --for-production, once; "
                "for an existing one restore its key files: a new key opens nothing."
            )
        paths = {path: MADE[name] for name, path in key_providers.key_files().items() if name in MADE}
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Two that start at once make one set of keys: the second waits, and then finds the keys of the first.
        with key_providers.lock_key_file(next(iter(paths))):
            there = [str(path) for path in paths if path.exists()]
            elsewhere = settings.MASTER_KEY_FILE not in paths
            if elsewhere and _is_held():
                there.append("The master key")
            if there and not if_missing:
                raise CommandError(
                    f"{there[0]} exists. A key is never replaced here: rotate_master_key turns the master key. Say "
                    "--if-missing to make only those that are missing."
                )
            if elsewhere:
                _begin()
            for path, make in paths.items():
                if not path.exists():
                    key_providers.write_secret(path, make())
                    if verbosity:
                        self.stdout.write(f"made {path}")


def _is_held() -> bool:
    try:
        return bool(key_providers.master_keys().generations())
    except WrongKey:
        return False


def _begin() -> None:
    try:
        key_providers.master_keys().begin(0)
    except Refusal as refusal:
        raise CommandError(str(refusal)) from refusal


def _generation() -> str:
    return f"1 {base64.b64encode(crypto.new_key()).decode()}\n"


def _signing_key() -> str:
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


MADE = {"MASTER_KEY_FILE": _generation, "INDEX_KEY_FILE": _generation, "CERTIFICATE_KEY_FILE": _signing_key}
