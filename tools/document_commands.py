"""The commands of the documents: fenced blocks marked ``sh`` are run as printed, inline commands must exist.

A block that can't be run says why in its first line: ```` ```sh not-run="…" ````. tests/documents/ runs the others on a
running demo; this module only reads.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:[\w./]*python )?(?:manage\.py|tools/\w+\.py|make) [^`\n]+)`")
SHELLS = ("sh", "bash", "shell", "console")
# Words that begin a command line: such a line may stand in a block marked ``sh`` only.
COMMANDS = re.compile(
    r"^\s*(?:\$ )?(?:\.venv/bin/|check/bin/)?(?:python3?|manage\.py|make|curl|unzip|pip|apt-get|granian)\b"
)


@dataclass(frozen=True)
class Block:
    """A fenced block: the document, its line, the words after the fence, the text."""

    document: Path
    line: int
    info: str
    text: str

    @property
    def is_shell(self) -> bool:
        return self.info.split(" ")[0] in SHELLS

    @property
    def not_run(self) -> str:
        """Why it is not run; nothing for a block that is."""
        found = re.search(r'not-run="([^"]+)"', self.info)
        return found[1] if found else ""

    def __str__(self) -> str:
        return f"{self.document.relative_to(ROOT)}:{self.line}"


def documents() -> list[Path]:
    """Return everything that tells people what to type."""
    folders = [ROOT / "docs", ROOT / "docs" / "guide"]
    apps = [*ROOT.glob("privacy/*/README.md"), *ROOT.glob("*/README.md"), *ROOT.glob("sdk/*/README.md")]
    return sorted({*ROOT.glob("*.md"), *apps, *(path for folder in folders for path in folder.glob("*.md"))})


def blocks(document: Path) -> Iterator[Block]:
    """Return the fenced blocks of a document, in order."""
    text = document.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        yield Block(document, text.count("\n", 0, found.start()) + 1, found["info"].strip(), found["text"])


def inline(document: Path) -> Iterator[str]:
    """Return the commands of the portal that a document names in running text."""
    yield from INLINE.findall(FENCE.sub("", document.read_text(encoding="utf-8")))


def loose(document: Path) -> list[str]:
    """Return command lines outside blocks marked for the shell: nobody would run them."""
    text = document.read_text(encoding="utf-8")
    outside = FENCE.sub("", text)
    lines = [line for line in outside.splitlines() if line.startswith("    ") and COMMANDS.match(line)]
    for block in blocks(document):
        if not block.is_shell:
            lines += [line for line in block.text.splitlines() if COMMANDS.match(line)]
    return lines
