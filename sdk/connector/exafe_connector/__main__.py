"""``exafe-connector keygen | check | serve | frozen | verify``."""

import argparse
import base64
import binascii
import logging
import sys
from pathlib import Path

from exafe_connector import wire
from exafe_connector.adapters.adapter import Unsupported
from exafe_connector.checking import canary_findings, person_counts
from exafe_connector.configuration import ConfigurationWrong, read_connector
from exafe_connector.keys import KeyFileUnusable, make_keys
from exafe_connector.serving import serve
from exafe_connector.store import OtherKeys

IDENTIFIERS = ("reference", "imei", "serial_number", "adb_number", "licence_key", "email", "phone")


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit status: 0 is yes, 1 no, 2 it could not be done."""
    given = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    commands = {"keygen": _keygen, "check": _check, "serve": _serve, "frozen": _frozen, "verify": _verify}
    try:
        return commands[given.command](given)
    except (ConfigurationWrong, KeyFileUnusable, OtherKeys, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="exafe-connector", description="Another system of the company, behind the privacy portal's protocol."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    keygen = commands.add_parser("keygen", help="make the system's key; prints its public half for the register")
    keygen.add_argument("path", type=Path)
    check = commands.add_parser("check", help="say whether both searches find the canary, and how much of a person")
    check.add_argument("configuration", type=Path)
    check.add_argument("identifier", nargs="*", help="of somebody whom the system holds, such as reference=A7")
    server = commands.add_parser("serve", help="serve the protocol")
    server.add_argument("configuration", type=Path)
    server.add_argument("--host", default="127.0.0.1", help="where it listens (%(default)s)")
    server.add_argument("--port", type=int, default=8443, help="on which port (%(default)s)")
    server.add_argument("--certificate", type=Path, help="a PEM file; without it only this machine is served")
    server.add_argument("--private-key", type=Path, help="the certificate's key, a PEM file")
    frozen = commands.add_parser("frozen", help="say which items of a person must not be used; exit 1: none")
    frozen.add_argument("configuration", type=Path)
    frozen.add_argument("identifier", nargs="+", help="such as reference=A7")
    verify = commands.add_parser("verify", help="check a signed answer, offline")
    verify.add_argument("--public-key", required=True, help="Base64, 32 bytes")
    verify.add_argument("--key", required=True, help="the call's Idempotency-Key")
    verify.add_argument("--verb", required=True, choices=wire.VERBS)
    verify.add_argument("--request", required=True, help="a file with the call's body, or its SHA-256 in hex")
    verify.add_argument("--answer", required=True, type=Path, help="a file with the answer's bytes")
    verify.add_argument("--signature", required=True, help="Connector-Signature")
    return parser


def _keygen(given: argparse.Namespace) -> int:
    try:
        print(make_keys(given.path).public)
    except FileExistsError:
        raise ValueError(f"{given.path} exists already, and is left as it is.") from None
    return 0


def _check(given: argparse.Namespace) -> int:
    """Look for the canary, and for who is named. What the system itself says goes to its owner's terminal alone."""
    person = _person(given.identifier)
    connector = read_connector(given.configuration)
    try:
        system = connector.system
        wrong = [] if system.canary is None else list(canary_findings(system.adapter, system.canary))
        counts = person_counts(system.adapter, person) if person else {}
    except Unsupported as error:
        raise ValueError(str(error)) from None
    except Exception as error:
        raise ValueError(f"The system can't be searched: {type(error).__name__}: {error}") from error
    finally:
        connector.close()
    items = ", ".join(sorted(system.adapter.items))
    if system.canary is None:
        print(f"There is no canary: nobody would notice a wrong mapping of {items}.")
    elif not wrong:
        print(f"Both searches find the canary with {items}.")
    for finding in wrong:
        print(finding)
    for item, (located, read) in counts.items():
        print(f"{item}: {located} found, {read} read back")
    return 1 if wrong or (counts and not any(located for located, _read in counts.values())) else 0


def _serve(given: argparse.Namespace) -> int:
    connector = read_connector(given.configuration)
    serve(connector, given.host, given.port, certificate=given.certificate, private_key=given.private_key)
    return 0


def _frozen(given: argparse.Namespace) -> int:
    person = _person(given.identifier)
    connector = read_connector(given.configuration)
    items = connector.system.frozen_items(person)
    connector.close()
    for item in sorted(items):
        print(item)
    return 0 if items else 1


def _person(given: list[str]) -> dict[str, str]:
    """Return who is named. Raises ValueError: "nobody is frozen" must not be the answer to a slip."""
    for one in given:
        name, equals, value = one.partition("=")
        if name not in IDENTIFIERS or not equals or not value:
            raise ValueError(f"{one!r} is no identifier: write NAME=VALUE, with one of {', '.join(IDENTIFIERS)}.")
    return {name: value for name, _equals, value in (one.partition("=") for one in given)}


def _verify(given: argparse.Namespace) -> int:
    request = given.request
    digest = (
        request if len(request) == 64 and not Path(request).exists() else wire.digest_of(Path(request).read_bytes())
    )
    try:
        public = base64.b64decode(given.public_key, validate=True)
    except binascii.Error:
        raise ValueError("The public key is no Base64.") from None
    good = wire.is_signed_answer(
        public, key=given.key, verb=given.verb, request_digest=digest.lower(), answer=given.answer.read_bytes(),
        signature=f"ed25519={given.signature.removeprefix('ed25519=')}",
    )  # fmt: skip
    print("The system signed this answer." if good else "This signature is WRONG.")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
