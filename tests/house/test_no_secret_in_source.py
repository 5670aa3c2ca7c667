"""No secret lies in the source, and so in nothing that is built or installed of it: each is made on its host."""

import ast
import re

import pytest

from tests.house.test_secure_code import ROOT, SOURCES

NAMED = re.compile(r"(?:secret|password|passphrase|token|_key|pin|credential)$", re.IGNORECASE)
# Keys as programs write them, and what services begin theirs with.
WRITTEN = re.compile(
    r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/]|PRIVATE\+KEY\+[^\s+]+\+[0-9a-f]{8}\+|\bAKIA[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_\w{30}|\bxox[abp]-\w|\bwhsec_[A-Za-z0-9+/]{24}|AGE-SECRET-KEY-1"
)
# A value: no word of the trail, name of a setting or of a column, and no place to fill in.
VALUE = re.compile(r"(?=.*[a-z0-9])(?![a-z]+(?:_+[a-z]+)+$)[^\s.<>{}@/]{8,}")
# Of a demonstration, whose processes listen on this machine alone; and a look-up of Django's, has_key.
KNOWN = {
    "config/demonstration/example_accounts.py": ["exafe-demo-2026"],
    "config/demonstration/text_provider.py": ["demonstration"],
    "privacy/rights/data_sources.py": ["destroyed"],
}


def values(source: str) -> list[str]:
    """Return the texts that a module gives to a name of a secret: by assignment, in a call, in a table."""
    found: list[tuple[str, ast.expr | None]] = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Assign(targets=targets, value=value):
                found += [(ast.unparse(one), value) for one in targets]
            case ast.AnnAssign(target=target, value=value):
                found.append((ast.unparse(target), value))
            case ast.keyword(arg=str(name), value=value):
                found.append((name, value))
            case ast.Dict(keys=keys, values=held):
                found += [(str(key.value), one) for key, one in zip(keys, held, strict=True)
                          if isinstance(key, ast.Constant)]  # fmt: skip
    return [
        value.value
        for name, value in found
        if NAMED.search(name) and isinstance(value, ast.Constant) and isinstance(value.value, str)
        and VALUE.fullmatch(value.value)
    ]  # fmt: skip


@pytest.mark.asvs("13.3.1")
def test_no_secret_is_written_in_a_source() -> None:
    for planted in ("API_TOKEN = 'k3y-0f-4-s3rvice'", "connect(password='hunter2-hunter2')", "{'secret': 'abcdefgh1'}"):
        assert values(planted), planted
    assert {path: found for path, text in SOURCES.items() if (found := values(text))} == KNOWN


@pytest.mark.asvs("13.3.1")
def test_no_key_lies_in_a_file_that_is_shipped() -> None:
    assert WRITTEN.search("-----BEGIN PRIVATE KEY-----\nMC4C") and WRITTEN.search("AKIA" + "A" * 16)
    folders = ("config", "consents", "deploy", "devices", "privacy", "sdk", "static", "templates", "tools")
    files = [ROOT / ".env.example", *(one for folder in folders for one in (ROOT / folder).rglob("*"))]
    read = {one: one.read_bytes() for one in files if one.is_file() and one.suffix not in {".pyc", ".mo"}}
    assert len(read) > 500
    assert not [one.name for one, raw in read.items() if WRITTEN.search(raw.decode(errors="replace"))]
    assert not [one.name for one in read if one.suffix in {".key", ".pem", ".p12", ".pfx", ".jks"}]
    # What a host must bring has no value here, but says what to write.
    example = (ROOT / ".env.example").read_text()
    given = re.findall(r"^(?:SECRET_KEY|\w*(?:SECRET|PASSWORD|TOKEN|PIN))=(\S+)", example, re.MULTILINE)
    assert given == ["50-random-characters"]
