"""What no line of the product does: each rule reads every source file, and finds what is planted for it."""

import ast
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from re import _parser as sre  # type: ignore[attr-defined]
from typing import Any

import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
SERVED = ("config", "privacy", "consents", "devices")
SOURCES = {
    path.relative_to(ROOT).as_posix(): path.read_text()
    for folder in (*SERVED, "deploy", "tools")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts  # they run once, as the owner, with nobody's input
}
SQL = re.compile(r"\b(?:SELECT|INSERT INTO|UPDATE \w|DELETE FROM|ALTER|CREATE|DROP|SET ROLE|SET LOCAL|VACUUM|COPY)\b")
SCRIPTS = {path.name: path.read_text() for path in sorted((ROOT / "static").rglob("*.js"))}
# The zip format that other programs open (AE-2) fixes its derivation, its sum and its counter (decision 0093).
FORMAT = "privacy/lib/documents/encrypted_zip.py"


def calls(source: str) -> Iterator[tuple[str, ast.Call]]:
    """Yield each call of a module with the dotted name of what is called."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def runs_code(source: str) -> list[str]:
    """Code made at run time, and readers that make objects of whatever type the data names."""
    named = {"eval", "exec", "compile", "__import__", "pickle.loads", "pickle.load", "marshal.loads", "yaml.load"}
    imported = re.findall(r"^(?:import|from) (pickle|marshal|shelve|dill|jsonpickle|yaml)\b", source, re.MULTILINE)
    return [name for name, _node in calls(source) if name in named] + imported


def runs_shell(source: str) -> list[str]:
    """A command that a shell reads, or one that is put together as one text."""
    found = []
    for name, node in calls(source):
        if name in ("os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"):
            found.append(name)
        if name.startswith("subprocess."):
            shell = [keyword for keyword in node.keywords if keyword.arg == "shell"]
            text = node.args and isinstance(node.args[0], ast.JoinedStr | ast.BinOp | ast.Constant)
            found += [ast.unparse(node)] if shell or (text and not isinstance(node.args[0], ast.List)) else []
    return found


def unescaped_patterns(source: str) -> list[str]:
    """A regular expression with something in it that was not escaped."""
    found = []
    for name, node in calls(source):
        if name not in {
            f"re.{verb}" for verb in ("compile", "match", "search", "sub", "fullmatch", "findall", "split")
        }:
            continue
        for part in ast.walk(node.args[0]):
            if isinstance(part, ast.FormattedValue) and not re.match(r"re\.escape|[A-Z_]+$", ast.unparse(part.value)):
                found.append(ast.unparse(part.value))
    return found


def made_templates(source: str) -> list[str]:
    """A template that is made of a text."""
    return [name for name, _node in calls(source) if name.split(".")[-1] in ("Template", "from_string")]


def called_safe(source: str) -> list[str]:
    """Text that is called safe for a page, unless it is written there as it stands."""
    return [
        name
        for name, node in calls(source)
        if name.split(".")[-1] in ("mark_safe", "SafeString") and not isinstance(node.args[0], ast.Constant)
    ]


def made_formats(source: str) -> list[str]:
    """A format string that came from somewhere else: ``x.format(…)`` where x is neither a literal nor a constant."""
    found = []
    for name, node in calls(source):
        if not name.endswith((".format", ".format_map")) or not isinstance(node.func, ast.Attribute):
            continue
        of = node.func.value
        constant = isinstance(of, ast.Constant | ast.JoinedStr) or re.fullmatch(r"_?[A-Z_]+", ast.unparse(of))
        if not constant and not re.search(r"sql\.|Identifier|formats\.|\"\"|''", ast.unparse(node)):
            found.append(ast.unparse(of))
    return found


def statements_with_values(source: str) -> list[str]:
    """A statement of SQL into whose text something is put but constants and names of models' tables."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            text = "".join(part.value for part in node.values if isinstance(part, ast.Constant))
            put = [ast.unparse(part.value) for part in node.values if isinstance(part, ast.FormattedValue)]
            if SQL.search(text):
                found += [one for one in put if not re.search(r"(^|\.)_?[A-Z_]+$|_meta\.db_table$", one)]
    return found


def weak_cryptography(source: str) -> list[str]:
    """Hashes, modes and paddings that are broken, and numbers that can be guessed."""
    weak = r"md5|sha1|SHA1|MD5|modes\.(?:ECB|CBC|OFB|CFB)|PKCS1v15|TripleDES|ARC4|Blowfish"
    return re.findall(rf"(?<![\w])({weak})(?![\w])", re.sub(r'"""[\s\S]*?"""|#.*', "", source))


def guessable_numbers(source: str) -> list[str]:
    return re.findall(r"(?<![\w.])random\.\w+", re.sub(r'"""[\s\S]*?"""|#.*', "", source))


RULES: dict[str, tuple[Callable[[str], list[str]], tuple[str, ...], dict[str, list[str]]]] = {
    "code": (runs_code, ("eval('1')", "import pickle\n", "exec(x)"), {
        # A mutant of a module of ours, in a test run.
        "tools/mutation_plugin.py": ["compile"],
    }),
    "shell": (runs_shell, ("os.system(x)", "subprocess.run('ls ' + x)", "subprocess.run([x], shell=True)"), {}),
    "pattern": (unescaped_patterns, ("re.search(f'{word}s', text)",), {
        # The names of fields and of alerts that the walk and the drill list themselves.
        "config/demonstration/walk_steps.py": ["name"],
        "deploy/drill/alerting.py": ["alert"],
    }),
    "template": (made_templates, ("Template(x)", "engine.from_string(x)"), {}),
    "safe": (called_safe, ("mark_safe(x)", "SafeString(f'<b>{x}')"), {
        # The guides are files of ours; a rendered template of ours; a text whose every line was escaped.
        "config/guide.py": ["mark_safe", "mark_safe"],
        "privacy/workforce/admin/pledges.py": ["mark_safe", "mark_safe"],
    }),
    "format": (made_formats, ("asked.format(name=x)",), {}),
    # Of what is served: what installs and drills runs as a superuser with the operator's own words.
    "sql": (statements_with_values, ("cursor.execute(f'SELECT 1 FROM t WHERE a = {x}')",), {
        # Names of tables, columns and roles that this code lists itself, and conditions with places for their values.
        "config/operator_status.py": ["oldest"],
        "config/startup.py": ["alias", "role", "role", "role"],
        "privacy/ledger/write_capture.py": ["wire.literal(request_context.current().request_id)"],
        "privacy/lib/postgres/invalidation.py": ["table"],
        "privacy/retention/actions/archive_transfer.py": ["', '.join(COLUMNS)"],
        "privacy/retention/actions/finality.py": ["table", "table"],
        "privacy/retention/actions/journal_cursors.py": ["table", "table"],
        "privacy/retention/archive/record_groups.py": [
            "subject", "kind", "recorded", "recorded", "column", "where",
            "subject", "kind", "recorded", "where", "where",
        ],
        "privacy/retention/destruction/readback.py": ["where"],
        "privacy/vault/actions/key_rotation.py": ["way"],
        "devices/actions/binary_copy.py": ["invalidation.invalidated_since(eligibility.DEVICE_INVALIDATIONS, '$1')"],
        "devices/eligibility.py": ["invalidation.invalidated_since(INVALIDATION_TABLE, '$1')"],
    }),
    "weak": (weak_cryptography, ("hashlib.md5(x)", "modes.CBC(iv)", "padding.PKCS1v15()"), {
        FORMAT: ["sha1", "modes.ECB", "sha1"],
    }),
    "random": (guessable_numbers, ("random.choice(x)",), {
        # Which opening is looked at, how long a host waits for another, a made-up fleet, which mutants are tried:
        # nobody has to guess them.
        "privacy/rights/openings_comparison.py": ["random.choice"],
        "privacy/vault/pkcs11_keys.py": ["random.uniform"],
        "devices/simulation/fleet.py": ["random.Random"] * 3,
        "tools/mutation.py": ["random.SystemRandom", "random.Random"],
    }),
}  # fmt: skip


def held(rule: str) -> None:
    """Fail where a source breaks a rule, or where the rule does not see what is planted."""
    judge, planted, known = RULES[rule]
    for example in planted:
        assert judge(example), f"{rule} does not see {example}"
    read = {path: source for path, source in SOURCES.items() if rule != "sql" or path.startswith(SERVED)}
    assert {path: broken for path, source in read.items() if (broken := judge(source))} == known


@pytest.mark.asvs("1.3.2", "1.5.2")
def test_no_code_is_made_at_run_time_and_no_object_of_a_type_that_data_names() -> None:
    held("code")


@pytest.mark.asvs("1.2.5")
def test_no_shell_reads_a_command() -> None:
    held("shell")


@pytest.mark.asvs("1.2.9")
def test_what_is_put_into_a_pattern_is_escaped() -> None:
    held("pattern")


@pytest.mark.asvs("1.3.7")
def test_templates_are_files_of_ours() -> None:
    held("template")


@pytest.mark.asvs("1.1.2", "1.2.1")
def test_every_value_on_a_page_is_escaped_where_it_is_written() -> None:
    held("safe")
    raw = {
        f"{path.name}: {found}"
        for path in (ROOT / "templates").rglob("*.html")
        for found in re.findall(r"[\w.]+\s*\|\s*safe\b|autoescape\s+off", path.read_text())
    }
    # Django's own words beside a field, which are written in code; the drawing of a code, made of our own address.
    assert raw == {
        "fieldset.html: fieldset.description|safe",
        "fieldset.html: field.field.help_text|safe",
        "activate_form.html: drawing|safe",
    }


@pytest.mark.asvs("1.3.10")
def test_formats_are_written_in_code() -> None:
    held("format")


@pytest.mark.asvs("1.2.4")
def test_values_are_no_part_of_a_statement() -> None:
    held("sql")


@pytest.mark.asvs("11.3.1", "11.4.1")
def test_no_broken_hash_mode_or_padding_but_where_a_format_fixes_it() -> None:
    held("weak")


@pytest.mark.asvs("11.5.1")
def test_what_must_not_be_guessed_comes_from_the_operating_system() -> None:
    held("random")


def repeats(tree: Any, *, inside: bool = False) -> Iterator[bool]:
    """Yield once for each repetition without a bound that stands in another one: what can take for ever."""
    for operation, value in tree:
        match str(operation):
            case "MAX_REPEAT" | "MIN_REPEAT":
                many = value[1] == sre.MAXREPEAT or value[1] > 50
                yield from [True] if many and inside else []
                yield from repeats(value[2], inside=inside or many)
            case "SUBPATTERN":
                yield from repeats(value[3], inside=inside)
            case "BRANCH":
                for branch in value[1]:
                    yield from repeats(branch, inside=inside)
            case "ASSERT" | "ASSERT_NOT":
                yield from repeats(value[1], inside=inside)


# Parts that a dot ends each: there is one way to read a text by it, however long.
NESTED = {
    r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_-]*)+": "a." * 50_000 + "!",
}


@pytest.mark.asvs("1.3.12")
def test_no_pattern_takes_for_ever() -> None:
    assert any(repeats(sre.parse("(a+)+b")))
    patterns = {
        node.args[0].value
        for path, source in SOURCES.items()
        if path.startswith(SERVED)
        for name, node in calls(source)
        if re.match(r"re\.\w+$|RegexValidator$", name) and node.args and isinstance(node.args[0], ast.Constant)
    }
    assert len(patterns) > 50
    assert {one for one in patterns if any(repeats(sre.parse(one)))} == set(NESTED)
    for pattern, hostile in NESTED.items():
        begun = time.process_time()
        assert not re.fullmatch(pattern, hostile)
        assert time.process_time() - begun < 0.5


@pytest.mark.asvs("3.2.2")
def test_scripts_write_text_and_never_markup() -> None:
    markup = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\b|new Function")
    assert markup.search("a.innerHTML = b")
    assert len(SCRIPTS) == 4 and not {name for name, text in SCRIPTS.items() if markup.search(text)}


@pytest.mark.asvs("3.2.3", "15.3.6")
def test_scripts_are_strict_make_nothing_global_and_copy_no_names_of_strangers() -> None:
    """Names are declared, nothing is hung on window or document, and no object takes names from data."""
    loose = re.compile(r"\bvar\b|(?:window|document|globalThis)\.\w+\s*=[^=]|__proto__|Object\.assign|\bmerge\(")
    assert loose.search("window.x = 1") and loose.search("Object.assign({}, JSON.parse(x))")
    for name, text in SCRIPTS.items():
        assert '"use strict";' in text and not loose.search(text), name


@pytest.mark.asvs("3.5.5", "3.5.6", "14.3.3")
def test_scripts_take_no_messages_no_jsonp_and_store_nothing() -> None:
    forbidden = re.compile(
        r"postMessage|[\"']message[\"']|localStorage|sessionStorage|indexedDB|document\.cookie|createElement\([\"']script"
    )
    assert forbidden.search("localStorage.x") and forbidden.search('addEventListener("message", f)')
    # Whether letters act as keys on lists is kept in the browser, which is nobody's data, and nothing else.
    choice = re.compile(r"localStorage\.[gs]etItem\(\"list-keys\"(?:\)|, choice\.checked \? \"on\" : \"off\"\))")
    assert not {name for name, text in SCRIPTS.items() if forbidden.search(choice.sub("", text))}
    assert not {path for path, text in SOURCES.items() if re.search(r"jsonp|application/javascript", text, re.I)}


@pytest.mark.asvs("11.2.4")
def test_no_secret_is_compared_letter_by_letter() -> None:
    """Secrets are looked up by their digests, or compared by ``compare_digest``: no ``==`` has one at its side."""
    secret = re.compile(r"(?:^|[._])(?:token|secret|password|passphrase|mac)$")

    def compared(source: str) -> list[str]:
        return [
            ast.unparse(node)
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Compare)
            and any(isinstance(one, ast.Eq | ast.NotEq) for one in node.ops)
            and any(secret.search(ast.unparse(side)) for side in (node.left, *node.comparators))
            and not any(isinstance(side, ast.Constant) for side in (node.left, *node.comparators))
        ]

    assert compared("held.token == given")
    found = {path: seen for path, text in SOURCES.items() if path.startswith(SERVED) and (seen := compared(text))}
    assert found == {}
    timed = {path for path, text in SOURCES.items() if re.search(r"compare_digest|constant_time_compare", text)}
    assert timed >= {"devices/actions/challenges.py", "devices/request_signatures.py", "privacy/accounts/provider.py"}


@pytest.mark.asvs("14.2.2")
def test_no_cache_of_the_server_is_used() -> None:
    """Sessions are rows; what a process remembers of people is keys for seconds (``docs/vault.md``)."""
    cached = re.compile(r"django\.core\.cache|cache_page|cached_db|memcache|redis")
    assert not {path for path, text in SOURCES.items() if path.startswith(SERVED) and cached.search(text)}
    assert settings.SESSION_ENGINE == "django.contrib.sessions.backends.db"
