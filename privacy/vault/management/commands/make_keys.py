"""``manage.py make_keys``: the key files of a new portal."""

import base64
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy.vault import crypto, key_providers


class Command(BaseCommand):
    help = "Make the master key, the index key and the certificate key, each mode 0600. Never replaces a key."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--if-missing", action="store_true", help="leave the files that exist as they are")
        parser.add_argument(
            "--for-production", action="store_true", help="outside development: this is a new, empty portal"
        )

    def handle(self, *args: Any, if_missing: bool, for_production: bool, verbosity: int, **options: Any) -> None:
        """Write each file that is missing; refuse as a whole if one exists and ``--if-missing`` was not given."""
        if not settings.DEVELOPMENT and not for_production:
            raise CommandError(
                "Keys are made here in development only. For a new, empty portal say --for-production, once; "
                "for an existing one restore its key files: a new key opens nothing."
            )
        paths = list(key_providers.key_files().values())
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Two that start at once make one set of keys: the second waits, and then finds the files of the first.
        with key_providers.lock_key_file(paths[0]):
            there = [path for path in paths if path.exists()]
            if there and not if_missing:
                raise CommandError(f"{there[0]} exists. A key is never replaced: rotate_master_key turns it.")
            contents = [_generation(), _generation(), _signing_key()]
            for path, content in zip(paths, contents, strict=True):
                if path in there:
                    continue
                key_providers.write_secret(path, content)
                if verbosity:
                    self.stdout.write(f"made {path}")


def _generation() -> str:
    return f"1 {base64.b64encode(crypto.new_key()).decode()}\n"


def _signing_key() -> str:
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
