"""The Korean catalogues, without the gettext programs: ``python tools/catalogue.py compile | tidy | missing``.

Each app has its catalogue where Django looks for it, ``<app>/locale/ko/LC_MESSAGES/django.po``; what belongs to no app,
or to several, stands in ``locale/ko/LC_MESSAGES/django.po``. ``compile`` writes the .mo beside each, which Django reads
(make does it at set-up); ``tidy`` sorts each file and drops what nothing uses or another says already; ``missing``
lists the texts in code and templates that have no Korean translation, and those translated that nothing uses. English
needs no catalogue: the texts in the code are English.
"""

import argparse
import ast
import gettext
import io
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, normalize, read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = "locale/ko/LC_MESSAGES/django.po"
SOURCES = ("config", "privacy", "consents", "devices", "templates")
HEADER = (
    "Project-Id-Version: exafe-privacy-portal\n"
    "Language: ko\n"
    "MIME-Version: 1.0\n"
    "Content-Type: text/plain; charset=UTF-8\n"
    "Content-Transfer-Encoding: 8bit\n"
    "Plural-Forms: nplurals=1; plural=0;\n"
)
NEVER = datetime(2000, 1, 1, tzinfo=UTC)
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


def catalogues() -> list[Path]:
    """Return the .po files: the project's first, then those of the apps."""
    apps = (path for pattern in ("*", "privacy/*") for path in ROOT.glob(f"{pattern}/{CATALOGUE}"))
    return [path for path in (ROOT / CATALOGUE, *sorted(apps)) if path.exists()]


# --- reading and writing .po ---------------------------------------------------------------------------------


def read(path: Path) -> Iterator[Message]:
    """Read the messages of a .po file; a file without a header is fine. Raises ValueError for what isn't one."""
    name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    with path.open("rb") as file:
        try:
            found = read_po(file, locale="ko", charset="utf-8", ignore_obsolete=True, abort_invalid=True)
        except PoFileError as error:
            raise ValueError(f"{path}: {error}") from error
    for message in found:
        if message.id:
            yield Message(
                text=message.id[0] if message.pluralizable else message.id,
                translation=message.string[0] if message.pluralizable else message.string,
                plural=message.id[1] if message.pluralizable else "",
                context=message.context or "",
                fuzzy=message.fuzzy,
                where=[f"{name}:{message.lineno}"],
            )


def gathered(messages: Iterable[Message]) -> Catalog:
    """Return a catalogue of messages in the order given; the date in its header never changes by itself."""
    catalogue = Catalog(
        locale="ko", charset="utf-8", project="exafe-privacy-portal", creation_date=NEVER, revision_date=NEVER
    )
    for message in messages:
        added = catalogue.add(
            (message.text, message.plural) if message.plural else message.text,
            (message.translation,) if message.plural else message.translation,
            context=message.context or None,
            flags=["fuzzy"] if message.fuzzy else [],
        )
        # a guess of Babel's; whether placeholders agree is what ``missing`` looks at
        added.flags.discard("python-format")
    return catalogue


def write(path: Path, messages: list[Message]) -> None:
    """Write a .po file in the order of the texts, so that two people's additions seldom touch the same line."""
    inorder = sorted(messages, key=lambda found: (found.text.lower(), found.text, found.context))
    out = io.BytesIO()
    write_po(out, gathered(inorder), width=0, omit_header=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    header = f'msgid ""\nmsgstr {normalize(HEADER, width=0)}\n\n'
    path.write_text((header + out.getvalue().decode()).rstrip("\n") + "\n", encoding="utf-8")


def binary(messages: list[Message]) -> bytes:
    """Return the .mo of messages: what Django reads."""
    out = io.BytesIO()
    write_mo(out, gathered(message for message in messages if message.translation))
    return out.getvalue()


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


@cache
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


@cache
def translated() -> dict[Key, Message]:
    """Return the messages of all catalogues. Raises ValueError where two differ on one text."""
    found: dict[Key, Message] = {}
    for path in catalogues():
        for message in read(path):
            if not message.text:
                continue
            known = found.setdefault(message.key, message)
            if known.translation != message.translation:
                raise ValueError(
                    f"{known.where[0]} and {message.where[0]} differ on {message.text!r}:\n"
                    f"    {known.translation}\n    {message.translation}"
                )
            known.plural = known.plural or message.plural
    return found


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


def tidy() -> int:
    """Sort each catalogue, and leave out what nothing uses any more or says twice."""
    needed, seen = used(), set[Key]()
    for path in catalogues():
        kept = {message.key: message for message in read(path) if message.key in needed and message.key not in seen}
        seen |= kept.keys()
        write(path, list(kept.values()))
    return 0


def compile_catalogue() -> int:
    """Write the .mo files that Django reads; none where two catalogues differ. The project's comes last."""
    translated()
    for path in reversed(catalogues()):
        path.with_suffix(".mo").write_bytes(binary(list(read(path))))
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
    parser.add_argument("command", choices=["compile", "tidy", "missing"])
    command = parser.parse_args().command
    return {"compile": compile_catalogue, "tidy": tidy, "missing": report}[command]()


if __name__ == "__main__":
    sys.exit(main())
