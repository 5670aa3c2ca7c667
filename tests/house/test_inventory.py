"""The inventories of docs/inventory.md: each number is the code's, each list is what is found in the code."""

import re
import tomllib
from importlib import import_module
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from config import password_rules
from config import settings as production
from privacy.lib.documents.upload_validation import EXTENSIONS
from privacy.vault import crypto
from tests.house.test_secure_code import FORMAT, ROOT, SERVED, SOURCES

TEXT = (ROOT / "docs" / "inventory.md").read_text()
SECTION = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))
NUMBER = re.compile(r"`([\w.]+)` \(([\d, ]+)\)")
PRODUCT = {path: text for path, text in SOURCES.items() if path.startswith(SERVED)}
# The demo, its walk and its made-up fleet speak to themselves; a probe asks whether it is confined.
BESIDE = re.compile(r"config/(demonstration|management|embedded_postgres|databases)|simulation|sandbox/probe|readiness")
# What makes a cipher, a sum or a signature, and how its use is seen in a source.
ALGORITHMS = {
    "AES-256-GCM": r"\bAESGCM\b",
    "HMAC-SHA-256": r"hmac\.(?:new|digest)\(|salted_hmac\(",
    "Ed25519": r"\bEd25519(?:Public|Private)Key\b|\bed25519\b|load_ed25519\(",
    "ECDSA P-256, ML-DSA-44": r"\bmldsa\b|\bec\.(?:EllipticCurve|ECDSA)",
    "BLAKE2b": r"\bblake2b\b",
    "AES-256-CTR, HMAC-SHA-1, PBKDF2": r"pbkdf2_hmac|\bCipher\(",
}


def rows(title: str) -> list[list[str]]:
    """The cells of a section's first table, without its head."""
    lines = [line for line in SECTION[title].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def held(name: str) -> Any:
    """What a name of the document stands for: a setting, a constant of a module, or a number of the rulebook."""
    if name.isupper():
        if name == "connect_timeout":
            return None
        return getattr(production, name)
    module, _dot, constant = name.rpartition(".")
    if constant.isupper():
        return getattr(import_module(module), constant)
    option = production.DATABASES["default"]["OPTIONS"].get(name)
    return option if option is not None else NUMBERS[name]


NUMBERS = {
    one["code"]: one["value"]
    for path in (ROOT / "privacy").rglob("editions/parameters.toml")
    for one in tomllib.loads(path.read_text())["parameters"]
}


@pytest.mark.asvs(
    "2.1.1", "2.1.3", "5.1.1", "6.1.1", "7.1.1", "7.1.2", "8.1.3", "8.1.4", "13.1.2", "13.1.3", "13.2.6", "15.1.3"
)
@pytest.mark.parametrize(("name", "said"), NUMBER.findall(TEXT))
def test_each_number_is_the_code_s(name: str, said: str) -> None:
    value = held(name)
    numbers = [int(one) for one in said.split(", ")]
    assert [int(one) for one in value] == numbers if isinstance(value, tuple) else int(value) == numbers[0]


# What each section must say, beside its numbers.
SAYS = {
    "Cryptography": ("A key has one use", "made, kept, turned and destroyed as `vault.md` says", "`keys.turn.days`"),
    "Connections": (
        "`connect_timeout` (3)", "`tcp_user_timeout` (4000)", "`WEB_WORKERS` (2)", "`WEB_THREADS` (4)",
        "pages answer 503", "three days of tries",
        "connection_limits.MOST_CONNECTIONS` (64)", "webhooks.TOTAL_TIMEOUT` (20)",
        "an officer enters the address of a webhook",
    ),
    "What comes in": (
        "upload_validation.MAX_BYTES` (10485760)", "pictures.MAX_PIXELS` (50000000)",
        "pdf_files.MAX_UNPACKED` (402653184)",
        "closed until scanned and examined", "an IMEI has 15\ndigits and its check digit",
        "days by the bounds of each field",
        "`door.requests.hourly` (5)", "`door.tries.hourly` (10)", "`KEY_CEILINGS`", "`destruction.ceiling.percent` (5)",
    ),
    "Signing in": (
        "`SIGN_IN_FREE_FAILURES` (4)", "`SIGN_IN_FREE_FAILURES_OF_ADDRESS` (20)", "so a stranger keeps nobody out",
        "`IDLE_SECONDS` (1800)", "`IDLE_SECONDS_CONSOLE` (900)", "`SESSION_LONGEST_SECONDS` (28800)",
        "`SESSIONS_AT_ONCE` (3); the oldest gives way to the next", "NIST SP 800-63B",
        "the network address (limits)", "a dangerous act asks again", "every officer is told",
        "device and time of day allow or refuse nothing by themselves",
    ),
    "What is dangerous, and what is costly": ("in slices by the worker", "limited in rows", "have the limits above"),
}  # fmt: skip


@pytest.mark.asvs(
    "2.1.1", "2.1.3", "5.1.1", "6.1.1", "7.1.1", "7.1.2", "8.1.3", "8.1.4", "11.1.1", "13.1.2", "13.1.3", "15.1.3"
)
@pytest.mark.parametrize("title", SAYS)
def test_what_must_be_written_down_is(title: str) -> None:
    for said in SAYS[title]:
        assert said in SECTION[title], f"{title} does not say {said}"


@pytest.mark.asvs("11.1.1", "11.1.2", "11.1.3", "11.1.4", "11.2.1", "11.3.2", "11.4.3")
def test_every_use_of_cryptography_is_found_and_listed_with_what_comes_after_it() -> None:
    listed = {
        cells[0]: (set(re.findall(r"`([\w/]+\.py)`", cells[1])), cells[2], cells[3]) for cells in rows("Cryptography")
    }
    for algorithm, seen in ALGORITHMS.items():
        found = {path for path, text in PRODUCT.items() if re.search(seen, text)}
        places, use, after = listed[algorithm]
        assert found - ({FORMAT} if algorithm == "HMAC-SHA-256" else set()) == places, algorithm
        assert use and after
    modules = "|".join(sorted({path for places, _use, _after in listed.values() for path in places}))
    importing = {
        path
        for path, text in PRODUCT.items()
        if re.search(r"^(?:from|import) cryptography\.hazmat\S*ciphers", text, re.M)
    }
    assert importing <= set(modules.split("|"))
    for path, text in PRODUCT.items():
        hashes = set(re.findall(r"hashlib\.(\w+)|from hashlib import (\w+)", text))
        named = {one or other for one, other in hashes} - {"sha256", "file_digest", "_Hash"}
        assert not named or path in modules, f"{path} uses {named}"
    assert "vault.md" in SECTION["Cryptography"]


@pytest.mark.asvs("13.1.1", "13.2.4")
def test_every_module_that_connects_is_behind_a_row() -> None:
    connects = r"create_connection\(|http\.client\.HTTPS?Conn|urlopen\(|OPENER\.open|imaplib\.|psycopg\.connect|AF_UNIX"
    found = {
        path for path, text in PRODUCT.items()
        if re.search(connects, re.sub(r'"""[\s\S]*?"""', "", text)) and not BESIDE.search(path)
    }  # fmt: skip
    assert found == {
        "privacy/disclosures/webhooks.py",
        "privacy/ledger/checkpoints/timestamps.py",
        "privacy/ledger/merkle/log_reader.py",
        "privacy/ledger/witness/asking.py",
        "privacy/lib/integrations/clamd.py",
        "privacy/retention/destruction/journal_table.py",
        "privacy/rights/management/commands/read_bounces.py",
        "privacy/safeguards/automated_checks/software.py",
        "privacy/safeguards/automated_checks/web_security.py",
        "privacy/vault/keyservice/client.py",
        "privacy/vault/keyservice/server.py",
    }
    assert len(rows("Connections")) == 11
    assert all(all(cells) and len(cells) == 5 for cells in rows("Connections"))


@pytest.mark.asvs("13.1.4")
def test_every_secret_has_a_day_by_which_it_is_turned() -> None:
    known = tomllib.loads((ROOT / "config" / "variables.toml").read_text())
    names = {name for section in known.values() for name in section}
    secret = {
        name for name in names
        if re.search(r"(?:KEY|PIN)_FILE$|^SECRET_KEY$|_SECRET$|DATABASE_URL$|^EMAIL_URL$|KEY_VARIABLE$", name)
    }  # fmt: skip
    listed = {
        name for cells in rows("Secrets and when they are turned") for name in re.findall(r"`([A-Z_\d]+)`", cells[0])
    }
    assert listed == secret
    assert all(cells[2] for cells in rows("Secrets and when they are turned"))


@pytest.mark.asvs("16.1.1", "16.2.3")
def test_logs_go_where_the_inventory_says_and_nowhere_else() -> None:
    assert settings.LOGGING["handlers"].keys() == {"console"} and "`LOGGING` has one handler" in SECTION["Logs"]
    assert production.LOGGING["handlers"]["console"]["class"] == "logging.StreamHandler"
    elsewhere = (
        r"FileHandler|SysLogHandler|HTTPHandler|SocketHandler|SMTPHandler|basicConfig\(|sentry|AdminEmailHandler"
    )
    assert not {path for path, text in PRODUCT.items() if re.search(elsewhere, text) and not BESIDE.search(path)}
    assert {cells[0] for cells in rows("Logs")} == {
        "the audit trail",
        "the processes",
        "the reverse proxy",
        "PostgreSQL",
        "`/status`, `/metrics`",
    }
    assert all(all(cells) and len(cells) == 4 for cells in rows("Logs"))


@pytest.mark.asvs("5.1.1")
def test_the_types_that_are_taken_are_those_that_are_recognised() -> None:
    paper = next(cells for cells in rows("What comes in") if cells[0].startswith("papers"))
    assert {name.split("/")[1].upper() for name in EXTENSIONS} == set(re.findall(r"[A-Z]{3,4}", paper[1]))
    assert "closed until scanned" in paper[2]


@pytest.mark.asvs("2.1.2")
def test_what_must_fit_together_is_told_and_each_constraint_has_its_sentence() -> None:
    assert "a licence ends after it starts" in SECTION["What comes in"]
    text = (ROOT / "config" / "constraint_messages.py").read_text()
    assert len(re.findall(r'"\w+":', text)) > 100


@pytest.mark.asvs("6.1.2")
def test_the_words_that_no_password_may_be_made_of_are_listed() -> None:
    listed = re.search(r"little more than: (.*?)\.\n", SECTION["Signing in"], re.DOTALL)
    assert listed
    assert tuple(word.strip() for word in listed[1].split(",")) == password_rules.WORDS


@pytest.mark.asvs("6.1.3", "6.3.4")
def test_every_way_to_sign_in_is_listed() -> None:
    """By the routes that are open to everybody and take a secret: a new one is a new row."""
    routes = (ROOT / "privacy/accounts/signin/urls.py").read_text()
    opening = set(re.findall(r'path\("((?:sign-in|invitation|representative)[^"]*)"', routes))
    assert opening == {
        "sign-in/",
        "sign-in/company/",
        "sign-in/second/",
        "invitation/<str:token>/",
        "representative/<str:token>/",
    }
    assert [cells[0] for cells in rows("Signing in")] == [
        "password", "company account", "invitation", "number and code of a case or complaint",
        "consent code, or a confirmation on the device", "token of a gateway",
    ]  # fmt: skip
    assert settings.AUTHENTICATION_BACKENDS == ["django.contrib.auth.backends.ModelBackend"]


@pytest.mark.asvs("7.1.3")
def test_what_a_session_of_the_provider_means_to_ours_is_told() -> None:
    assert "ours neither lasts longer because of it nor ends with it" in SECTION["Signing in"]


@pytest.mark.asvs("8.1.2")
def test_which_fields_may_be_changed_by_whom_is_one_table() -> None:
    grants = tomllib.loads((ROOT / "config" / "database_grants.toml").read_text())
    assert grants.keys() == {"default", "personal", "archive"}
    assert "`config/database_grants.toml` names the columns" in SECTION["Who may see and change which field"]


@pytest.mark.asvs("14.1.1", "14.1.2")
def test_data_has_levels_and_each_level_its_protection() -> None:
    assert [cells[0] for cells in rows("What is protected, and how")] == ["secret", "personal", "internal", "public"]
    assert all(all(cells) for cells in rows("What is protected, and how"))


@pytest.mark.asvs("15.1.4", "15.1.5")
def test_dangerous_parts_and_risky_packages_are_there() -> None:
    body = SECTION["What is dangerous, and what is costly"]
    dangerous, risky = body.partition("Risky packages")[::2]
    named = re.findall(r"`([\w/]+\.py)`", dangerous)
    assert len(named) == 5 and all((ROOT / name).is_file() for name in named)
    lock = (ROOT / "requirements.lock").read_text()
    packages = re.findall(r"`([a-z0-9-]+)`", risky.partition("\n\n")[0])
    assert len(packages) == 7 and all(re.search(rf"^{name}==", lock, re.M) for name in packages)


@pytest.mark.asvs("15.1.1")
def test_known_vulnerabilities_have_days() -> None:
    said = SECTION["Known vulnerabilities"]
    assert "within 2 days" in said and "within 14" in said and "90 days at most" in said


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


@pytest.mark.asvs("11.2.3", "11.6.1")
def test_our_own_keys_have_256_bits() -> None:
    assert crypto.KEY_BYTES * 8 == 256 and crypto.NONCE_BYTES * 8 == 96 and crypto.TAG_BYTES * 8 == 128
    made = {
        path: text for path, text in PRODUCT.items() if re.search(r"\.generate(?:_key|_private_key)?\(|urandom\(", text)
    }
    for path, text in made.items():
        assert not re.search(r"rsa\.|dsa\.generate|SECP192|SECP224|bit_length=128", text), path
    assert len(Ed25519PrivateKey.generate().private_bytes_raw()) == 32
    assert any("Ed25519PrivateKey.generate()" in text for text in made.values())
