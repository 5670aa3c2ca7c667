"""The inventories of docs/inventory.md: each number is the code's, each list is what is found in the code."""

import ast
import re
import tomllib
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.urls import get_resolver

from config import password_rules
from config import settings as production
from deploy.installer.configuration import LOGIN_ROLES, Secrets
from privacy.accounts.signin import second_factors
from privacy.lib.documents.upload_validation import EXTENSIONS
from tests.house.test_open_routes import routes as all_patterns
from tests.house.test_secure_code import FORMAT, ROOT, SERVED, SOURCES

TEXT = (ROOT / "docs" / "inventory.md").read_text()
SECTION = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))
NUMBER = re.compile(r"`([\w.]+)` \(([\d, ]+)\)")
PRODUCT = {path: text for path, text in SOURCES.items() if path.startswith(SERVED)}
# The demo, its walk and its made-up fleet speak to themselves; a probe asks whether it is confined.
BESIDE = re.compile(r"config/(demonstration|management|embedded_postgres|databases)|simulation|sandbox/probe|readiness")
# What makes a cipher, a sum or a signature, and how its use is seen in a source.
ALGORITHMS = {
    "AES-256-GCM": r"\bAESGCM\b|\bMechanism\.AES_GCM\b",
    "HMAC-SHA-1": r"totp\.hotp_value",
    "HMAC-SHA-256": r"hmac\.(?:new|digest)\(|salted_hmac\(|django\.core(?:\.| import )signing",
    "Ed25519": r"\bEd25519(?:Public|Private)Key\b|\bed25519\b|load_ed25519\(",
    "ECDSA P-256, ML-DSA-44": r"\bmldsa\b|\bec\.(?:EllipticCurve|ECDSA)",
    "BLAKE2b": r"\bblake2b\b",
    "AES-256-CTR, HMAC-SHA-1, PBKDF2": r"pbkdf2_hmac|\bCipher\(",
    # Signatures of others, by the library of their format.
    "RSA, ECDSA, EdDSA": r"(?m)^(?:from|import) (?:jwt|rfc3161_client|fido2\.(?:cose|webauthn))\b",
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
        value = getattr(import_module(module), constant)
        return value.total_seconds() // 60 if isinstance(value, timedelta) else value
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
    "Cryptography": (
        "A key has one use", "Nothing else may be sealed with a key than what its row says",
        "made, kept, turned and destroyed as `vault.md` says", "`keys.turn.days`",
    ),
    "Connections": (
        "`connect_timeout` (3)", "`tcp_user_timeout` (4000)", "`WEB_WORKERS` (2)", "`WEB_THREADS` (4)",
        "pages answer 503", "three days of tries",
        "connection_limits.MOST_CONNECTIONS` (64)", "webhooks.TOTAL_TIMEOUT` (20)",
        "Of these people of the office name three", "`SOCIALACCOUNT_REQUESTS_TIMEOUT` (5)",
    ),
    "What comes in": (
        "upload_validation.MAX_BYTES` (10485760)", "pictures.MAX_PIXELS` (50000000)",
        "pdf_files.MAX_UNPACKED` (402653184)",
        "closed until scanned and examined", "an IMEI has 15\ndigits and its check digit",
        "days by the bounds of each field", "address by its form (one @, a name of a host)", "by 7 to 15 digits",
        "`door.requests.hourly` (5)", "`door.tries.hourly` (10)", "`KEY_CEILINGS`", "`destruction.ceiling.percent` (5)",
    ),
    "Signing in": (
        "`SIGN_IN_FREE_FAILURES` (4)", "`SIGN_IN_FREE_FAILURES_OF_ADDRESS` (20)", "so a stranger keeps nobody out",
        "`IDLE_SECONDS` (1800)", "`IDLE_SECONDS_CONSOLE` (900)", "`SESSION_LONGEST_SECONDS` (28800)",
        "`SESSIONS_AT_ONCE` (3); the oldest gives way to the next", "NIST SP 800-63B",
        "`privacy.lib.http.guest_session.SESSION_LIFETIME` (30) minutes in all, used or not",
        "the network address (limits)", "the browser's own cookie (limits, mail of a new device)",
        "the day (grants, pledges and trainings have their days)",
        "nights and rest days (a finding of the next review)",
        "a dangerous act asks again", "every officer is told",
        "`OFFICE_NETWORKS` names networks, the console and the office API answer nobody from elsewhere",
        "time of day in any case, allow or refuse nothing by themselves", "or a pick-up code of 130 random bits",
    ),
    "What is dangerous, and what is costly": ("in slices by the worker", "limited in rows", "have the limits above"),
}  # fmt: skip


@pytest.mark.asvs(
    "2.1.1",
    "2.1.3",
    "5.1.1",
    "6.1.1",
    "7.1.1",
    "7.1.2",
    "8.1.3",
    "8.1.4",
    "11.1.1",
    "11.1.2",
    "13.1.1",
    "13.1.2",
    "13.1.3",
    "15.1.3",
)
@pytest.mark.parametrize("title", SAYS)
def test_what_must_be_written_down_is(title: str) -> None:
    for said in SAYS[title]:
        assert said in SECTION[title], f"{title} does not say {said}"


def imported_names(module: str) -> set[str]:
    """What the product and its installation import of a library."""
    return {
        alias.name
        for path, text in SOURCES.items()
        if path.startswith((*SERVED, "deploy/"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(module)
        for alias in node.names
    }


# How keys are written and read.
SPELLINGS = {"Encoding", "NoEncryption", "PrivateFormat", "PublicFormat", "load_der_public_key", "load_pem_private_key"}


@pytest.mark.asvs("11.1.2")
def test_every_certificate_is_listed() -> None:
    files = [one for one in (ROOT / "deploy").rglob("*") if one.is_file() and one.suffix != ".pyc"]
    certificates = set(re.findall(r"/etc/[a-z/]+\.crt", "".join(one.read_text() for one in files)))
    assert len(certificates) >= 5
    assert certificates == set(re.findall(r"`(/etc/[a-z/]+\.crt)`", SECTION["Cryptography"]))


@pytest.mark.asvs("11.1.1", "11.1.2", "11.1.3", "11.1.4", "11.2.1", "11.3.2", "11.4.3", "11.6.1", "11.6.2")
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
    # What else of the library is used would be something new: it has a row first, or is no algorithm.
    assert imported_names("cryptography.hazmat.primitives") == {
        "AESGCM", "Cipher", "Ed25519PrivateKey", "Ed25519PublicKey", "MLDSA44PrivateKey", "SHA256",
        "algorithms", "ec", "modes",
    } | SPELLINGS  # fmt: skip
    for path, text in PRODUCT.items():
        hashes = set(re.findall(r"hashlib\.(\w+)|from hashlib import (\w+)", text))
        named = {one or other for one, other in hashes} - {"sha256", "file_digest", "_Hash"}
        assert not named or path in modules, f"{path} uses {named}"
    # What is installed beside the portal is told to use one more.
    told = {path for path, text in SOURCES.items() if "cipher-type" in text and path.startswith("deploy/")}
    assert told == listed["AES-256-CBC"][0]
    assert '"repo1-cipher-type=aes-256-cbc"' in SOURCES["deploy/installer/backups.py"]
    # A browser has its own, of which one script takes one.
    scripts = {path.name: path.read_text() for path in (ROOT / "static").rglob("*.js")}
    used = {(name, verb) for name, text in scripts.items() for verb in re.findall(r"subtle\.(\w+\([^,)]*)", text)}
    assert used == {("openings.js", 'digest("SHA-256"')} and "`static/js/openings.js`" in SECTION["Cryptography"]
    # What the databases compute themselves, by PostgreSQL's own.
    folders = ("privacy", "consents", "devices", "config")
    statements = [*(one for folder in folders for one in (ROOT / folder).rglob("*.sql"))]
    statements += [one for folder in folders for one in (ROOT / folder).rglob("migrations/*.py")]
    computed = re.compile(r"\b(md5|sha\d+|hmac|crypt|gen_random_bytes|pgp_\w+)\(|(pgcrypto)")
    assert {found for one in statements for found in computed.findall(one.read_text())} == {("sha256", "")}
    assert "vault.md" in SECTION["Cryptography"]


@pytest.mark.asvs("11.2.1", "11.4.1")
def test_codes_of_an_app_are_those_of_its_standard() -> None:
    """The first vector of RFC 6238 with SHA-1: what is listed is what is used."""
    assert second_factors.totp_code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 1) == "287082"


@pytest.mark.asvs("1.3.6", "13.1.1", "13.1.2", "13.2.4")
def test_every_module_that_connects_is_behind_a_row() -> None:
    connects = r"create_connection\(|http\.client\.HTTPS?Conn|urlopen\(|OPENER\.open|imaplib\.|psycopg\.connect|AF_UNIX"
    connects += r"|requests_session\(|EmailBackend|MailBox\(|^(?:import|from) (?:httpx|aiohttp|ftplib|paramiko)\b"
    found = {
        path for path, text in PRODUCT.items()
        if re.search(connects, re.sub(r'"""[\s\S]*?"""', "", text), re.M) and not BESIDE.search(path)
    }  # fmt: skip
    assert found == {
        "config/mailers.py",
        "privacy/accounts/provider.py",
        "privacy/accounts/signin/adapters.py",
        "privacy/ledger/checkpoints/timestamps.py",
        "privacy/ledger/merkle/log_reader.py",
        "privacy/ledger/witness/asking.py",
        "privacy/lib/integrations/clamd.py",
        "privacy/lib/integrations/outbound_http.py",
        "privacy/lib/integrations/text_messages.py",
        "privacy/retention/destruction/journal_table.py",
        "privacy/rights/inbox.py",
        "privacy/rights/management/commands/read_bounces.py",
        "privacy/safeguards/automated_checks/software.py",
        "privacy/safeguards/automated_checks/web_security.py",
        "privacy/vault/keyservice/client.py",
        "privacy/vault/keyservice/server.py",
    }
    assert len(rows("Connections")) == 15
    assert all(all(cells) and len(cells) == 5 for cells in rows("Connections"))
    # Each says how long it waits, or how many it opens, by a name that is held against the code.
    unsaid = [cells[0] for cells in rows("Connections") if not NUMBER.search(cells[3] + cells[4])]
    assert not unsaid


@pytest.mark.asvs("11.1.1", "11.1.2", "13.1.4")
def test_every_secret_has_a_day_by_which_it_is_turned(tmp_path: Path) -> None:
    known = tomllib.loads((ROOT / "config" / "variables.toml").read_text())
    names = {name for section in known.values() for name in section}
    secret = {
        name for name in names
        if re.search(r"(?:KEY|PIN)_FILE$|^SECRET_KEY$|_SECRET$|DATABASE_URL$|^EMAIL_URL$|KEY_VARIABLE$", name)
    }  # fmt: skip
    # An address that is written with a password in it.
    secret |= {
        name for section in known.values() for name, about in section.items()
        if re.search(r":(?:password|TOKEN|SECRET)@", about["says"] + str(about.get("example", "")))
    }  # fmt: skip
    listed = {
        name for cells in rows("Secrets and when they are turned") for name in re.findall(r"`([A-Z_\d]+)`", cells[0])
    }
    assert listed - {"WITNESS_DIR", "ATTESTATION_VKEYS"} == secret  # beside a secret, and where its turning is written
    table = rows("Secrets and when they are turned")
    assert all(cells[2] for cells in table)
    # What the installer makes: the passphrase of the backups, and of each role its password in its DATABASE_URL.
    made = {name.partition(".")[0] for name in Secrets(tmp_path / "none").names()}
    assert made == {"SECRET_KEY", "backups", *LOGIN_ROLES}
    assert any("`backups` in `/etc/portal/secrets.toml`" in cells[0] for cells in table)


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
        "a cluster (`deploy/haproxy`, `deploy/patroni`)",
        "backups",
        "PostgreSQL",
        "`/status`, `/metrics`",
    }
    # What we ship beside the portal writes where it says: every line that names a place for a log is one of these.
    places: dict[str, set[str]] = {}
    for path in (ROOT / "deploy").rglob("*"):
        if path.is_file() and path.suffix in {".conf", ".cfg", ".yml", ".service"} and path.name != "rules_test.yml":
            named = r"^\s*(?:access_log|error_log|Standard(?:Output|Error)=|log_directory:?|logfile|log(?= /))\s*(\S+)"
            found = set(re.findall(named, path.read_text(), re.MULTILINE))
            if found:
                places[path.name] = found
    assert places == {
        "portal.conf": {"/var/log/nginx/portal.log", "/var/log/nginx/portal-error.log"}, "haproxy.cfg": {"/dev/log"},
    }  # fmt: skip
    assert all(f"`{one}`" in SECTION["Logs"] for one in places["portal.conf"])
    assert '"log-level-file=off"' in SOURCES["deploy/installer/backups.py"]
    assert all(all(cells) and len(cells) == 4 for cells in rows("Logs"))
    # Each says who reads it and for how long; what for is told of all together.
    assert all(
        re.fullmatch(r"[^;]+; (?:as long as|as (?:Debian|its server)|`LEDGER_KEEP).+", one[3]) for one in rows("Logs")
    )
    for used in ("The trail is read for the reviews of access", "find a fault or follow an attack", "raise the alarms"):
        assert used in SECTION["Logs"]


@pytest.mark.asvs("5.1.1")
def test_the_types_that_are_taken_are_those_that_are_recognised() -> None:
    paper = next(cells for cells in rows("What comes in") if cells[0].startswith("papers"))
    assert {name.split("/")[1].upper() for name in EXTENSIONS} == set(re.findall(r"[A-Z]{3,4}", paper[1]))
    assert "closed until scanned" in paper[2] and "stays closed for good" in paper[2]
    taken = {cells[0]: cells[1:] for cells in rows("What comes in")}
    assert taken.keys() == {
        "papers of people and of the office", "mails to the office", "published policies", "whom an incident concerns",
        "reports of a mailing house", "fleet lists", "documents to be checked", "batches of gateways",
        "other calls of gateways, programs and directories", "forms",
    }  # fmt: skip
    assert not [door for door, (_kinds, most) in taken.items() if not NUMBER.search(most)]
    packed = [most for kinds, most in taken.values() if re.search("PDF, PNG|XLSX|gzip", kinds)]
    assert len(packed) == 4 and all("unpacked" in most for most in packed)
    others = {
        path for path, text in PRODUCT.items()
        if "forms.FileField(" in text and not re.search("PDF, JPEG or PNG|PDF, PNG or JPEG", text)
    }  # fmt: skip
    # Each has a row of its own: documents to be checked, published policies, reports of a mailing house, fleet lists,
    # and lists of references.
    assert others == {
        "privacy/retention/forms.py", "privacy/policies/admin/published_texts.py",
        "privacy/campaigns/admin/letter_batches.py", "devices/admin/imports.py", "privacy/incidents/admin/forms.py",
    }  # fmt: skip


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
    """By the routes that are open to everybody, or end in a secret, and by the codes: a new one is a new row."""
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
        "password", "company account", "credential of the office API", "credential of the directory (SCIM)",
        "invitation", "number and code of a case or complaint",
        "link to the company's representative", "link to a recipient, or the signature of its own system",
        "code of a child's representative", "code of a contact", "address of a calendar",
        "consent code, or a confirmation on the device", "token of a gateway",
    ]  # fmt: skip
    assert all(all(cells) and len(cells) == 3 for cells in rows("Signing in"))
    links = {name for name, path, _entry in all_patterns(get_resolver().url_patterns) if "<str:token>" in path}
    assert links == {
        "accept-invitation", "representative", "disclosures:acknowledge", "disclosures:prove", "safeguards:calendar",
    }  # fmt: skip
    codes = {path for path, text in PRODUCT.items() if re.search(r"\bAccessCodes\(\"", text)}
    assert codes == {
        "privacy/incidents/actions/complaints.py", "privacy/rights/actors.py", "consents/actions/codes.py",
        "privacy/subjects/actions/contact_codes.py", "consents/actions/representatives.py",
    }  # fmt: skip
    assert settings.AUTHENTICATION_BACKENDS == ["django.contrib.auth.backends.ModelBackend"]


@pytest.mark.asvs("7.1.3")
def test_what_a_session_of_the_provider_means_to_ours_is_told() -> None:
    assert "ours neither lasts longer because of it nor ends with it" in SECTION["Signing in"]
    assert "whose word ends every session, factor and grant of theirs in one transaction" in SECTION["Signing in"]
    assert "no session comes of it" in SECTION["Signing in"]


@pytest.mark.asvs("14.1.1", "14.1.2")
def test_data_has_levels_and_each_level_its_protection() -> None:
    title = "What is protected, and how"
    assert [cells[0] for cells in rows(title)] == ["secret", "personal", "internal", "public"]
    head = next(line for line in SECTION[title].splitlines() if line.startswith("| level"))
    for asked in ("sealed, also in the database", "against change", "kept until", "in logs, and who reads those"):
        assert asked in head
    assert all(all(cells) and len(cells) == 7 for cells in rows(title))
    assert all("never" in cells[5] for cells in rows(title)[:2])


@pytest.mark.asvs("15.1.1")
def test_known_vulnerabilities_have_days() -> None:
    said = SECTION["Known vulnerabilities"]
    assert "within 2 days" in said and "within 14" in said and "90 days at most" in said
