"""Changes of `portal.toml` that its runbooks make, so that doing them again changes nothing."""

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

from deploy.installer.plan import Stopped

SECTION = re.compile(r"^\[notary\][^\n]*\n", re.MULTILINE)
EARLIER = re.compile(r"^earlier\s*=\s*\[[^\]]*\][^\n]*\n?", re.MULTILINE)


def add_earlier(path: Path, vkeys: Sequence[str]) -> None:
    """Add verifier keys to ``earlier`` of ``[notary]``, each once; the rest stays as written. Raises ``Stopped``."""
    try:
        text = path.read_text(encoding="utf-8")
        said = tomllib.loads(text)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise Stopped(f"{path}: {error}") from error
    notary = said.get("notary", {})
    wanted = list(dict.fromkeys([*notary.get("earlier", []), *vkeys]))
    changed = _with_line(f"{text.rstrip()}\n", f"earlier = [{', '.join(f'"{vkey}"' for vkey in wanted)}]\n")
    if not _says(changed, {**said, "notary": {**notary, "earlier": wanted}}):
        raise Stopped(f"{path}: add these to earlier of [notary] by hand: {', '.join(vkeys)}")
    partial = path.with_name(f".{path.name}.new")
    partial.touch(mode=0o600)
    partial.chmod(path.stat().st_mode & 0o777)
    partial.write_text(changed, encoding="utf-8")
    partial.replace(path)


def _with_line(text: str, line: str) -> str:
    head = SECTION.search(text)
    if head is None:
        return f"{text}\n[notary]\n{line}"
    end = text.find("\n[", head.end() - 1)
    body = text[head.end() :] if end < 0 else text[head.end() : end + 1]
    rest = text[head.end() + len(body) :]
    return text[: head.end()] + line + EARLIER.sub("", body, count=1) + rest


def _says(text: str, wanted: object) -> bool:
    try:
        return tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        return False
