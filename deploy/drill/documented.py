"""The commands of docs/operations.md, run as printed: a block says drill="NAME", and a step of the drill runs it."""

import re

from deploy.drill.surroundings import Failed, run
from tools import document_commands

DOCUMENT = document_commands.ROOT / "docs" / "operations.md"
# What the document leaves to its reader: where the sealed copies lie, which moment, the name of the log after it.
KEPT = "/srv/kept"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def text(name: str) -> str:
    """Return the commands of a block."""
    found = [block.text for block in document_commands.blocks(DOCUMENT) if f'drill="{name}"' in block.info]
    if len(found) != 1:
        raise Failed(f'{DOCUMENT.name} has {len(found)} blocks for drill="{name}"')
    return found[0]


def carry_out(name: str, **said: str) -> str:
    """Run a block as root at /opt/portal, with what its reader says; return what it printed."""
    return run("bash", "-euo", "pipefail", "-c", text(name), KEPT=KEPT, PATH=PATH, **said).stdout


def names() -> set[str]:
    """Return every block that a step must run."""
    return {name for block in document_commands.blocks(DOCUMENT) for name in re.findall(r'drill="([^"]+)"', block.info)}
