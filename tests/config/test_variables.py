"""Every variable of the environment is documented, read, and has an effect; nothing else is read."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import global_settings

from tools import variables

ROOT = variables.ROOT
PACKAGES = ("config", "privacy", "consents", "devices")
# Sets each variable in turn, reads the settings anew, and says which variables changed nothing.
TRY_EACH = """
import json, os, runpy, sys
samples, base = json.loads(sys.argv[1]), dict(os.environ)
def snapshot():
    found = runpy.run_path("config/settings.py")
    return {k: repr(v) for k, v in found.items() if k.isupper() and k not in ("EMBEDDED_SERVER", "LANGUAGES")}
before, idle = snapshot(), []
for name, value in samples.items():
    os.environ.clear(); os.environ.update({**base, name: value})
    if snapshot() == before:
        idle.append(name)
print(json.dumps(idle))
"""


def other(variable: dict[str, Any]) -> str:
    """Return a value that is not the default."""
    match variable["kind"]:
        case "number":
            return str(int(variable["default"]) + 1)
        case "flag":
            return "false" if variable["default"] == "true" else "true"
        case "address":
            return "postgresql://another:5433/database"
        case "pairs":
            return "fsync=off"
    return {"EMAIL_URL": "smtp://mail:2525", "PORTAL_ROLE": "portal_auditor"}.get(variable["name"], "/another/value")


def sources() -> list[Path]:
    return [path for folder in PACKAGES for path in (ROOT / folder).rglob("*.py")] + [ROOT / "manage.py"]


@pytest.mark.truth("24")
def test_settings_example_and_table_name_the_same_variables() -> None:
    assert not variables.problems()
    names = {variable["name"] for variable in variables.known()}
    shown = set(re.findall(r"^(?:# )?([A-Z0-9_]+)=", variables.EXAMPLE.read_text(), re.MULTILINE))
    listed = set(re.findall(r"^\| `([A-Z0-9_]+)` \|", variables.PAGE.read_text(), re.MULTILINE))
    assert names == shown == listed


@pytest.mark.truth("24")
def test_each_variable_changes_the_settings() -> None:
    # PORTAL_POSTGRES_BIN is read by the embedded server itself; the test of its binaries sets it.
    known = {v["name"]: other(v) for v in variables.known() if v["name"] != "PORTAL_POSTGRES_BIN"}
    environ = {**variables.PRODUCTION, "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    # The embedded server's lines and plain HTTP are of development, where the settings are read again.
    run = subprocess.run(
        [sys.executable, "-c", TRY_EACH, json.dumps(known)], cwd=ROOT, env=environ, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == ["HTTPS"], "set, and nothing changed (HTTPS is always on in production)"


def reads_of_the_environment(tree: ast.AST) -> list[str]:
    """Return the names that a module asks os.environ for."""
    names = []
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Attribute(attr="environ"), attr="get" | "setdefault"), args=[key, *_]
            ):
                names.append(key)
            case ast.Subscript(value=ast.Attribute(attr="environ"), slice=key, ctx=ast.Load()):
                names.append(key)
            case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="environ"), attr="get"), args=[key, *_]):
                names.append(key)
            case ast.Subscript(value=ast.Attribute(attr="environ"), slice=key, ctx=ast.Load()):
                names.append(key)
            case ast.Call(func=ast.Attribute(attr="getenv"), args=[key, *_]):
                names.append(key)
    return [key.value if isinstance(key, ast.Constant) else ast.unparse(key) for key in names]


@pytest.mark.truth("24")
def test_nothing_else_reads_the_environment() -> None:
    known = {variable["name"] for variable in variables.known()}
    # Django's own, the service manager's, and the variable that MASTER_KEY_VARIABLE names.
    allowed = known | {"DJANGO_SETTINGS_MODULE", "NOTIFY_SOCKET", "name"}
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in sources()
        for name in reads_of_the_environment(ast.parse(path.read_text()))
        if name not in allowed
    }
    assert not found


@pytest.mark.truth("24")
def test_no_setting_is_asked_for_with_a_default() -> None:
    """A setting that is missing must be an error: with a default beside it, it would be documented and ignored."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") in ("getattr", "hasattr")
        and getattr(node.args[0], "id", "") == "settings"
    ]
    assert not found


@pytest.mark.truth("24")
def test_each_setting_of_ours_is_used() -> None:
    text = "\n".join(path.read_text() for path in sources())
    settings = ast.parse((ROOT / "config" / "settings.py").read_text())
    read = {
        target.id
        for node in settings.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and "variables." in ast.unparse(node.value)
    }
    here = {node.id for node in ast.walk(settings) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    libraries = {"Q_CLUSTER"} | {name for name in read if hasattr(global_settings, name)}
    assert not {name for name in read - here - libraries if not re.search(rf"settings\.{name}\b", text)}


@pytest.mark.truth("smtps")
def test_a_mail_server_that_speaks_tls_from_the_start_is_spoken_to_so() -> None:
    said = subprocess.run(
        [sys.executable, "-c", "from config import settings; print(settings.MAILERS['default']['OPTIONS'])"],
        cwd=ROOT, env={**os.environ, "EMAIL_URL": "smtp+ssl://user:secret@mail.extrus.example:465"},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    options = ast.literal_eval(said)
    assert (options["port"], options["use_ssl"], options["use_tls"]) == (465, True, False)


@pytest.mark.asvs("1.4.2")
@pytest.mark.parametrize("value", ["-1", "abc", "1.5", "", "٣"])
@pytest.mark.parametrize("name", ["KEY_UNSIGNED_MINUTES", "LEDGER_KEEP_MONTHS"])
def test_a_number_that_is_none_is_named(name: str, value: str) -> None:
    """All numbers are counts: minutes, months, seconds, people."""
    environ = {**variables.PRODUCTION, "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), name: value}
    run = subprocess.run(
        [sys.executable, "-c", "import config.settings"], cwd=ROOT, env=environ, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1] == (
        f"django.core.exceptions.ImproperlyConfigured: {name} is a whole number of 0 or more, not {value!r}."
    )
