"""The Korean catalogue, without the gettext programs: ``python tools/catalogue.py compile | merge | missing``.

``compile`` writes the .mo that Django reads from the committed .po (make does it at set-up); ``merge`` brings the files
in locale/parts/ into the .po; ``missing`` lists the texts in code and templates that have no Korean translation, and
those translated that nothing uses. English needs no catalogue: the texts in the code are English.
"""

import argparse
import ast
import gettext
import re
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "locale" / "ko" / "LC_MESSAGES" / "django.po"
PARTS = ROOT / "locale" / "parts"
SOURCES = ("config", "privacy", "consents", "devices", "templates")
HEADER = (
    "Project-Id-Version: exafe-privacy-portal\n"
    "Language: ko\n"
    "MIME-Version: 1.0\n"
    "Content-Type: text/plain; charset=UTF-8\n"
    "Content-Transfer-Encoding: 8bit\n"
    "Plural-Forms: nplurals=1; plural=0;\n"
)
CALLS = {"gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}
PLURAL, CONTEXT = {"ngettext", "ngettext_lazy"}, {"pgettext", "pgettext_lazy"}

# What tells one text from another: its context (mostly none) and its English.
type Key = tuple[str, str]


@dataclass
class Message:
    """One text and its translation; ``plural`` is the English plural where there is one."""

    text: str
    translation: str = ""
    plural: str = ""
    context: str = ""
    fuzzy: bool = False
    where: list[str] = field(default_factory=list)

    @property
    def key(self) -> Key:
        return (self.context, self.text)


# --- reading and writing .po ---------------------------------------------------------------------------------


def read(path: Path) -> Iterator[Message]:
    """Read the messages of a .po file; a file without a header is fine. Raises ValueError for what isn't one."""
    message, target, fuzzy = Message(""), "", False
    started = False
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = raw.strip()
        if line.startswith("#"):
            fuzzy = fuzzy or (line.startswith("#,") and "fuzzy" in line)
            continue
        found = re.fullmatch(r'(msgctxt|msgid_plural|msgid|msgstr(?:\[\d\])?)?\s*(".*")', line)
        if not line:
            continue
        if not found:
            raise ValueError(f"{path}:{number}: not a line of a catalogue: {line}")
        keyword, text = found[1], ast.literal_eval(found[2])
        if keyword in ("msgctxt", "msgid") and target.startswith("msgstr"):
            yield message
            message, started = Message(""), False
        if keyword:
            target = keyword
        if keyword in ("msgctxt", "msgid") and not started:
            message.where, message.fuzzy, started, fuzzy = [f"{path.name}:{number}"], fuzzy, True, False
        match target.partition("[")[0]:
            case "msgctxt":
                message.context += text
            case "msgid":
                message.text += text
            case "msgid_plural":
                message.plural += text
            case "msgstr":
                message.translation += text
    if started:
        yield message


def quote(text: str) -> str:
    """Return a text as .po writes it: one literal, or one for each line where it has several."""
    escaped = [
        '"' + line.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t").replace("\n", "\\n") + '"'
        for line in text.splitlines(keepends=True)
    ]
    return escaped[0] if len(escaped) == 1 else "\n".join(['""', *escaped])


def write(path: Path, messages: list[Message]) -> None:
    """Write a .po file in the order of the texts, so that two people's additions seldom touch the same line."""
    blocks = [f'msgid ""\nmsgstr {quote(HEADER)}\n']
    for message in sorted(messages, key=lambda found: (found.text.lower(), found.text, found.context)):
        lines = [f"msgctxt {quote(message.context)}"] if message.context else []
        lines.append(f"msgid {quote(message.text)}")
        if message.plural:
            lines += [f"msgid_plural {quote(message.plural)}", f"msgstr[0] {quote(message.translation)}"]
        else:
            lines.append(f"msgstr {quote(message.translation)}")
        blocks.append("\n".join(lines) + "\n")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(blocks), encoding="utf-8")


def binary(messages: list[Message]) -> bytes:
    """Return the .mo of messages: two sorted tables of lengths and offsets, then the texts (GNU gettext's format)."""
    pairs = [(b"", HEADER.encode())]
    for message in messages:
        if message.text and message.translation and not message.fuzzy:
            key = (f"{message.context}\x04" if message.context else "") + message.text
            if message.plural:
                key += f"\x00{message.plural}"
            pairs.append((key.encode(), message.translation.encode()))
    pairs.sort()
    keys_at, values_at = 28, 28 + 8 * len(pairs)
    offset = 28 + 16 * len(pairs)
    tables: tuple[list[int], list[int]] = ([], [])
    texts = b""
    for table, column in zip(tables, range(2), strict=True):
        for pair in pairs:
            table += [len(pair[column]), offset + len(texts)]
            texts += pair[column] + b"\x00"
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), keys_at, values_at, 0, offset)
    return head + struct.pack(f"<{4 * len(pairs)}I", *tables[0], *tables[1]) + texts


# --- finding the texts ---------------------------------------------------------------------------------------


def in_python(path: Path) -> Iterator[Message]:
    """Return the texts that a module marks for translation, whatever it calls gettext."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    called = {name: name for name in CALLS}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
            called |= {alias.asname or alias.name: alias.name for alias in node.names if alias.name in CALLS}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = called.get(node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", ""), "")
        texts = [found.value for found in node.args if isinstance(found, ast.Constant) and isinstance(found.value, str)]
        if name and texts:
            yield marked(name, texts, f"{path.relative_to(ROOT)}:{node.lineno}")


LITERAL = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
CALL = re.compile(rf"(?<![\w.])(_|gettext|ngettext|pgettext)\(\s*({LITERAL})(?:\s*,\s*({LITERAL}))?")


def in_template(path: Path) -> Iterator[Message]:
    """Return the texts that a template marks for translation."""
    from django.utils.translation.template import templatize

    source = templatize(path.read_text(encoding="utf-8"), origin=str(path))
    for found in CALL.finditer(source):
        texts = [ast.literal_eval(literal) for literal in found.groups()[1:] if literal]
        line = source.count("\n", 0, found.start()) + 1
        yield marked(found[1], texts, f"{path.relative_to(ROOT)}:{line}")


def marked(name: str, texts: list[str], where: str) -> Message:
    if name in PLURAL and len(texts) > 1:
        return Message(texts[0], plural=texts[1], where=[where])
    if name in CONTEXT and len(texts) > 1:
        return Message(texts[1], context=texts[0], where=[where])
    return Message(texts[0], where=[where])


def used() -> dict[Key, Message]:
    """Return every text that code and templates mark for translation."""
    found: dict[Key, Message] = {}
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix == ".py":
                messages = in_python(path)
            elif path.suffix in (".html", ".txt"):
                messages = in_template(path)
            else:
                continue
            for message in messages:
                if message.text:
                    known = found.setdefault(message.key, message)
                    known.where += [place for place in message.where if place not in known.where]
                    known.plural = known.plural or message.plural
    return found


def djangos_own() -> set[str]:
    """Return the texts that Django, as far as it is installed here, has in Korean: they need no translation of ours."""
    import django

    settings = (ROOT / "config" / "settings.py").read_text(encoding="utf-8")
    apps = {"admin", *re.findall(r'"django\.contrib\.(\w+)"', settings)}
    texts: set[str] = set()
    for folder in ("conf", *(f"contrib/{app}" for app in sorted(apps))):
        path = Path(django.__file__).parent / folder / "locale/ko/LC_MESSAGES/django.mo"
        if path.exists():
            with path.open("rb") as file:
                catalogue = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
            texts |= {key if isinstance(key, str) else key[0] for key in catalogue}
    return texts


def translated() -> dict[Key, Message]:
    """Return the messages of the catalogue and of its parts."""
    paths = [path for path in [CATALOGUE, *sorted(PARTS.glob("*.po"))] if path.exists()]
    return {message.key: message for path in paths for message in read(path) if message.text}


def missing() -> list[Message]:
    """Return the texts without a Korean translation, or with an empty or fuzzy one, or with other placeholders."""
    own, have = djangos_own(), translated()
    lacking = []
    for key, message in used().items():
        found = have.get(key)
        if found is None:
            if message.text not in own:
                lacking.append(message)
        elif found.fuzzy or not found.translation.strip() or not same_places(message, found.translation):
            lacking.append(message)
    return lacking


PLACE = re.compile(r"%\((\w+)\)[sd]|(?<!%)%[sd]|\{(\w*)\}")


def same_places(message: Message, translation: str) -> bool:
    """Whether a translation names only values that the text gives, so that showing it can't fail."""
    given = {found[0] for found in PLACE.finditer(message.text + message.plural)}
    return {found[0] for found in PLACE.finditer(translation)} <= given


# --- commands ------------------------------------------------------------------------------------------------


def merge() -> int:
    """Bring the parts into the catalogue; a part overrules it, and what nothing uses any more is left out.

    Two parts that differ on one text are told.
    """
    merged: dict[Key, Message] = {}
    conflicts = 0
    for path in sorted(PARTS.glob("*.po")):
        for message in read(path):
            if not message.text:
                continue
            known = merged.setdefault(message.key, message)
            if known.translation != message.translation:
                conflicts += 1
                print(f"{known.where[0]} and {message.where[0]} differ on {message.text!r}:")
                print(f"    {known.translation}\n    {message.translation}")
            known.plural = known.plural or message.plural
    needed = used()
    for message in read(CATALOGUE) if CATALOGUE.exists() else ():
        if message.key in needed:
            merged.setdefault(message.key, message)
    write(CATALOGUE, list(merged.values()))
    print(f"{len(merged)} texts in {CATALOGUE.relative_to(ROOT)}")
    return 1 if conflicts else 0


def compile_catalogue() -> int:
    """Write the .mo beside the .po."""
    messages = list(read(CATALOGUE))
    CATALOGUE.with_suffix(".mo").write_bytes(binary(messages))
    return 0


def report() -> int:
    """Print what is missing and what nothing uses."""
    lacking = missing()
    for message in lacking:
        print(f"{message.where[0]}: {message.text!r}")
    unused = set(translated()) - set(used())
    for _context, text in sorted(unused):
        print(f"unused: {text!r}")
    print(f"{len(lacking)} missing, {len(unused)} unused")
    return 1 if lacking else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["compile", "merge", "missing"])
    command = parser.parse_args().command
    return {"compile": compile_catalogue, "merge": merge, "missing": report}[command]()


if __name__ == "__main__":
    sys.exit(main())
