"""Tables of docs/inventory.md: who changes which field, what is tried again, what is dangerous; keys and limits."""

import ast
import re
import tomllib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privacy.jobs import retry_policy
from privacy.jobs.retry_policy import RetryPolicy
from privacy.systems.tasks import PATIENCE
from privacy.vault import crypto
from tests.house.test_inventory import BESIDE, NUMBERS, PRODUCT, SECTION, rows
from tests.house.test_secure_code import ROOT, SOURCES


@pytest.mark.asvs("8.1.1", "8.1.2")
def test_which_fields_may_be_changed_by_whom_is_one_table() -> None:
    grants = tomllib.loads((ROOT / "config" / "database_grants.toml").read_text())
    assert grants.keys() == {"default", "personal", "archive"}
    title = "Who may see and change which field"
    assert "`config/database_grants.toml` names the columns" in SECTION[title]
    assert (ROOT / "tests" / "house" / "routes.txt").is_file()
    assert [cells[0] for cells in rows(title)] == [
        "sealed ones of a person", "those of a record in the console",
        "one's own account, sessions, pledge and training", "a case or complaint",
        "answers of the API of the office and of the directory", "what gateways register and report",
    ]  # fmt: skip
    assert all(all(cells) and len(cells) == 4 for cells in rows(title))
    # And who may open which page, and whose records: where the table of routes is read as the policy.
    told = (ROOT / "docs" / "security.md").read_text().partition("## Who may open what\n")[2].partition("\n## ")[0]
    for said in (
        "`tests/house/routes.txt` has a row for each route and a cell for each role", "is closed to strangers",
        "officers decide, approve, publish, grant; handlers prepare and carry out",
        "auditors read every register but",
        "another's pledge, session, key or request is answered as what is not there",
    ):  # fmt: skip
        assert said in told, said


def seconds_of(policy: RetryPolicy) -> list[str]:
    """The cells of what a back-off is."""
    until = f"{policy.starts} starts" if policy.starts else f"{policy.hours:.0f} h"
    return [f"{policy.first:.0f} s", f"{policy.longest:.0f} s", until]


@pytest.mark.asvs("13.1.3", "13.2.6")
def test_what_is_tried_again_and_given_back_is_told_as_the_code_has_it() -> None:
    title = "What is tried again, and what is given back"
    assert [cells[1:] for cells in rows(title)] == [
        seconds_of(one)
        for one in (
            retry_policy.INTERNAL_RETRIES, retry_policy.EXTERNAL_RETRIES, retry_policy.NO_MAILBOX_RETRIES, PATIENCE,
        )
    ]  # fmt: skip
    assert "Each wait is double the one before" in SECTION[title] and retry_policy.EXTERNAL_RETRIES.wait(2) == 120
    for said in (
        "nothing is tried again within a request",
        "closed by the block that opened them",
        "`PERSISTENT` (60)",
    ):
        assert said in SECTION[title]


# How each kind of what is dangerous is seen in a source.
DANGEROUS = {
    "strangers' files": r"Pdf\.open|Image\.open|load_workbook\(",
    "binary messages of others": r"^\s*(?:import|from) (?:rfc3161_client|fido2\.webauthn|asn1crypto|pyasn1|cbor2?)\b"
    r"|from fido2 import .*\bcbor\b",
    "unpacking what others packed": r"zlib\.decompress(?:obj)?\(|gzip\.(?:decompress|open)\(",
    "mails of strangers": r"BytesParser\(|message_from_bytes\(",
    "native code": r"^\s*(?:import|from) (?:ctypes|pkcs11|cffi)\b",
    "code by its name": r"\bimport_(?:string|module)\(",
    "starting other programs": r"subprocess\.|os\.(?:fork|exec\w*|posix_spawn)\(",
}


@pytest.mark.asvs("15.1.4", "15.1.5")
def test_dangerous_parts_and_risky_packages_are_there() -> None:
    title = "What is dangerous, and what is costly"
    body = SECTION[title]
    risky = body.partition("Risky packages")[2]
    named = {cells[0]: set(re.findall(r"`([\w/]+\.py)`", cells[1] + cells[2])) for cells in rows(title)}
    assert all((ROOT / name).is_file() for names in named.values() for name in names)
    for what, seen in DANGEROUS.items():
        found = {path for path, text in PRODUCT.items() if re.search(seen, text, re.M) and not BESIDE.search(path)}
        assert found <= named[what], f"{what}: {found - named[what]}"
    assert all(all(cells) and len(cells) == 3 for cells in rows(title))
    lock = (ROOT / "requirements.lock").read_text()
    packages = re.findall(r"`([a-z0-9-]+)`", risky.partition("\n\n")[0])
    assert len(packages) == 10 and all(re.search(rf"^{name}==", lock, re.M) for name in packages)
    reading = {path for path, text in PRODUCT.items() if re.search(r"import pikepdf|from PIL|load_workbook", text)}
    assert reading == {f"privacy/lib/sandbox/{name}_files.py" for name in ("pdf", "spreadsheet")} | {
        "privacy/lib/sandbox/pictures.py"
    }


@pytest.mark.asvs("11.2.1", "11.6.1")
def test_ciphers_and_signatures_are_of_one_library() -> None:
    """And nothing else that makes them is imported, whatever it is called here."""
    others = r"^\s*(?:from|import) (Crypto|Cryptodome|nacl|ecdsa|rsa|pyaes|pysodium|blake3|passlib|bcrypt|argon2)\b"
    assert re.search(others, "    from nacl import secret", re.M)
    assert not {path for path, text in SOURCES.items() if re.search(others, text, re.M)}
    used = {
        node.module
        for path, text in PRODUCT.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "cryptography"
    }
    assert {str(name).removeprefix("cryptography.") for name in used - {"cryptography"}} == {
        "exceptions", "hazmat.primitives.asymmetric", "hazmat.primitives.asymmetric.ed25519",
        "hazmat.primitives.asymmetric.mldsa", "hazmat.primitives.ciphers", "hazmat.primitives.ciphers.aead",
        "hazmat.primitives.hashes", "hazmat.primitives.serialization",
    }  # fmt: skip
    assert not re.search(r"^\s*import cryptography", "\n".join(PRODUCT.values()), re.M)


@pytest.mark.asvs("11.1.1", "11.1.2")
def test_how_keys_live_is_told_of_each_kind() -> None:
    """What NIST SP 800-57 asks of a policy: where a key is and whose, how it is made, kept, turned, saved and ended."""
    vault = (ROOT / "docs" / "vault.md").read_text()
    told = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", vault, re.MULTILINE | re.DOTALL))
    kinds = [line.split("|")[1] for line in told["Keys and where they are"].splitlines() if line.startswith("|")]
    assert [kind.strip() for kind in kinds[2:]] == [
        "master key, by generations", "index key", "subject keys, epoch keys",
    ]  # fmt: skip
    for title, said in {
        "Keys and where they are": (
            "no other process can read them", "makes the files of a new portal", "never makes a key to replace",
        ),
        "Turning the master key": ("once a month", "`keys.turn.days`", "it is destroyed: removed from the key file"),
        "Backups": ("Back the key files up apart", "no such backup longer than the grace"),
        "What a destruction takes": ("writes tombstones and deletes the wrapped keys",),
        "The cache of content keys": ("`VAULT_CACHE_SECONDS`", "five minutes"),
    }.items():  # fmt: skip
        for words in said:
            assert words in " ".join(told[title].split()), f"{title} does not say {words}"
    # What is no key of the vault has its row, with who has it and when it is turned.
    held = "".join(cells[0] for cells in rows("Secrets and when they are turned"))
    for secret in ("MASTER_KEY_FILE", "INDEX_KEY_FILE", "CERTIFICATE_KEY_FILE", "NOTARY_KEY_FILE", "SECRET_KEY"):
        assert f"`{secret}`" in held, secret
    # Every place where a private key is made is one of these files, or the keys in the table above.
    makes = re.compile(r"(?:Ed25519PrivateKey|MLDSA44PrivateKey)\.generate\(\)|\.generate_private_key\(")
    made = {path for path, text in PRODUCT.items() if makes.search(text)}
    assert made == {
        "privacy/ledger/checkpoints/signed_notes.py",  # of notary, witness and attestations
        "privacy/ledger/witness/witness_keys.py",
        "privacy/vault/management/commands/make_keys.py",  # of certificates
    }
    for named in ("`NOTARY_KEY_FILE`", "`witness.key` in `WITNESS_DIR`", "the attestation key"):
        assert named in held, named
    assert all(all(cells) and len(cells) == 3 for cells in rows("Secrets and when they are turned"))


@pytest.mark.asvs("2.1.3")
def test_each_limit_that_the_code_holds_is_written_down() -> None:
    """Found where it is held: a limit that nobody wrote down would be none that a review could judge."""
    said = SECTION["What comes in"] + SECTION["Signing in"]
    codes = {code for code in NUMBERS if re.search(r"\.(?:hourly|daily|ceiling\.percent)$", code)}
    assert len(codes) >= 6 and not {code for code in codes if f"`{code}`" not in said}
    asked = {
        code
        for text in PRODUCT.values()
        for code in re.findall(r"\blimit=\"([\w.]+)\"", text)
        if "require_below_limit(" in text
    }
    assert asked and asked <= codes


@pytest.mark.asvs("11.2.3", "11.3.2", "11.6.1")
def test_our_own_keys_have_256_bits() -> None:
    assert crypto.KEY_BYTES * 8 == 256 and crypto.NONCE_BYTES * 8 == 96 and crypto.TAG_BYTES * 8 == 128
    made = {
        path: text for path, text in PRODUCT.items() if re.search(r"\.generate(?:_key|_private_key)?\(|urandom\(", text)
    }
    for path, text in made.items():
        assert not re.search(r"rsa\.|dsa\.generate|SECP192|SECP224|bit_length=128", text), path
    assert len(Ed25519PrivateKey.generate().private_bytes_raw()) == 32
    assert any("Ed25519PrivateKey.generate()" in text for text in made.values())


@pytest.mark.asvs("3.1.1", "3.7.5")
def test_what_a_browser_must_be_able_to_do_is_told_with_what_happens_otherwise() -> None:
    body = SECTION["Browsers"]
    for needed in (
        "HTTPS",
        "Content-Security-Policy",
        "`__Host-`",
        "HSTS",
        "Without TLS nothing is answered",
        "knows no CSP",
    ):
        assert needed in body
    reads = any("sec-fetch" in text.lower() or "sec_fetch" in text.lower() for text in PRODUCT.values())
    assert ("Sec-Fetch" in body) == reads
