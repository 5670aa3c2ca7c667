"""Only ``actions.py`` writes (CONTRIBUTING.md, Rules)."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ALWAYS = {"save", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}
ON_QUERYSETS = {"create", "update", "delete"}
QUERYSET_WORDS = ("objects", "_default_manager", "filter(", "exclude(", "queryset", ".all()", "using(")
# Each with its reason.
EXEMPT = {
    "privacy/ledger/checkpoints/notary.py": "the notary's own state file, on another host",
    "privacy/ledger/checkpoints/key_handovers.py": "the notary's new key file",
    "privacy/ledger/management/commands/notary.py": "the notary's own key file",
    "privacy/ledger/management/commands/witness.py": "the witness's own key file",
    "privacy/vault/management/commands/keyservice.py": "the key with which a key service attests what it read",
    "privacy/lib/documents/spreadsheets.py": "saves a workbook into memory",
    "privacy/accounts/models/users.py": "the manager that the verbs call",
    "config/management/commands/sync_schedules.py": "django-q2's own table of schedules, not ours",
}


def modules() -> list[Path]:
    found = []
    for folder in ("config", "privacy", "consents", "devices"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).parts
            if "migrations" in parts or path.name == "actions.py" or "actions" in parts:
                continue
            found.append(path)
    return found


def writes_in(source: str) -> list[tuple[int, str]]:
    """Return line and text of each call that writes rows."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        receiver = ast.unparse(node.func.value)
        name = node.func.attr
        kept = any(word.arg == "commit" and ast.unparse(word.value) == "False" for word in node.keywords)
        if receiver == "super()" or kept:
            continue
        if name in ALWAYS or (name in ON_QUERYSETS and any(word in receiver for word in QUERYSET_WORDS)):
            found.append((node.lineno, f"{receiver}.{name}(…)"))
    return found


def test_only_actions_write() -> None:
    offences = []
    for path in modules():
        name = str(path.relative_to(ROOT))
        if name not in EXEMPT:
            offences += [f"{name}:{line} {what}" for line, what in writes_in(path.read_text())]
    assert not offences, "Only actions.py writes. Make a verb of:\n" + "\n".join(offences)


def test_the_test_sees_a_write() -> None:
    assert writes_in("Thing.objects.filter(a=1).update(b=2)")
    assert writes_in("thing.save(update_fields=['a'])")
    assert not writes_in("rows = formset.save(commit=False)")
    assert not writes_in("seen = {}\nseen.update(a=1)")
