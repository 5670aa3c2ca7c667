"""The variables of the environment, as ``config/settings.py`` reads them: ``python tools/variables.py write | check``.

``write`` writes `.env.example` and the table in docs/operations.md; ``check`` says whether they are as written.
"""

import argparse
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / ".env.example"
PAGE = ROOT / "docs" / "operations.md"
BEGIN, END = "<!-- variables: begin -->\n", "<!-- variables: end -->\n"
HOME = "/PORTAL_HOME"
# Where the settings are read for the table: as a production web process reads them, with nothing else set.
PRODUCTION = {
    "PORTAL_HOME": HOME,
    "SECRET_KEY": "table",
    "DATABASE_URL": "postgresql://general",
    "PERSONAL_DATABASE_URL": "postgresql://personal",
    "ARCHIVE_DATABASE_URL": "postgresql://archive",
}
ASK = """
import dataclasses, json
from config import settings
print(json.dumps([dataclasses.asdict(variable) for variable in settings.variables.read.values()]))
"""


def known() -> list[dict[str, Any]]:
    """Return the variables that the settings read."""
    environ = {**PRODUCTION, "PATH": os.environ.get("PATH", "")}
    run = subprocess.run([sys.executable, "-c", ASK], cwd=ROOT, env=environ, capture_output=True, text=True, check=True)
    found: list[dict[str, Any]] = json.loads(run.stdout)
    for variable in found:
        if variable["default"] is not None:
            variable["default"] = variable["default"].replace(HOME, "PORTAL_HOME").replace(f"{ROOT}/", "")
    return found


def sections() -> list[tuple[str, list[dict[str, Any]]]]:
    """Return the variables by section, as they are described. Raises KeyError for one that nobody reads."""
    read = {variable["name"]: variable for variable in known()}
    described = tomllib.loads((ROOT / "config" / "variables.toml").read_text(encoding="utf-8"))
    return [(title, [read[name] for name in names]) for title, names in described.items()]


def example() -> str:
    """Return `.env.example`: what production sets, and as comments what it may set, with the default."""
    lines = [
        "# The environment of a production process. Each process (pages, intake, worker, key service, sealer, notary,",
        "# migrations) has its own file with the role it needs in the database addresses (docs/operations.md). A",
        "# comment shows a default.",
    ]
    for title, variables in sections():
        lines += ["", f"# --- {title}"]
        for variable in variables:
            value = variable["example"]
            line = f"{variable['name']}={value}" if value else f"# {variable['name']}={variable['default'] or ''}"
            lines += [f"# {variable['says']}", line]
    return "\n".join(lines) + "\n"


def table() -> str:
    """Return the table of docs/operations.md."""
    lines = []
    for title, variables in sections():
        lines += [f"**{title}**", "", "| variable | default | meaning |", "|---|---|---|"]
        for variable in variables:
            default = variable["default"]
            shown = "must be set" if default is None else f"`{default}`" if default else "none"
            lines.append(f"| `{variable['name']}` | {shown} | {variable['says']} |")
        lines.append("")
    return "\n".join(lines)


def page() -> str:
    """Return docs/operations.md with the table as it should be."""
    before, _begin, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _old, _end, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}{END}{after}"


def problems() -> list[str]:
    """Return which files are not as the settings say."""
    wanted = {EXAMPLE: example(), PAGE: page()}
    return [
        f"{path.relative_to(ROOT)} is stale: run `python tools/variables.py write`"
        for path, text in wanted.items()
        if path.read_text(encoding="utf-8") != text
    ]


def main() -> int:
    """Write the files, or say which are stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("write", "check"))
    if parser.parse_args().command == "write":
        EXAMPLE.write_text(example(), encoding="utf-8")
        PAGE.write_text(page(), encoding="utf-8")
    found = problems()
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
