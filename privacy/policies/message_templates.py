"""The words of letters, mails, text messages and notices: kinds, their placeholders, and the version that is sent.

Each app declares the kinds that it sends in ``message_kinds.py``. A template is plain text with placeholders of a
closed list, ``{name}``, which are replaced once; nothing in it is run. What the portal shipped with is sent until a
version of the office's own is approved (``models.MessageTemplate``), and again where that one no longer fits its kind.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.models import Entry
from privacy.lib.crypto import canonical_json
from privacy.lib.errors.refusals import Refusal
from privacy.lib.integrations import mail
from privacy.policies.events import Event
from privacy.policies.models import MessageTemplate

LANGUAGES = ("ko", "en")
PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
NOT_TEXT = re.compile(r"[^\S\n ]|[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")

# What a heading may come to with its values.
LONGEST_LINE = 200

type Texts = Mapping[str, Mapping[str, str]]


class InvalidTemplate(Refusal):
    """A text that can't be sent as a template of its kind."""

    code = "invalid-template"


@dataclass(frozen=True, slots=True)
class Placeholder:
    """What the portal puts into a text: what it stands for, and an example of no person.

    With a ``law`` it is a mandatory content; ``is_required`` where the message can't do without it. What
    ``may_be_empty`` takes the paragraph that it stands in away where there is nothing to say.
    """

    meaning: Promise
    example: Callable[[], str]
    law: Promise | str = ""
    is_required: bool = False
    may_be_empty: bool = False

    @property
    def must_be_there(self) -> bool:
        return bool(self.law) or self.is_required


@dataclass(frozen=True, slots=True)
class Part:
    """One text of a template: a heading, which is one line, or paragraphs."""

    label: Promise
    longest: int
    is_one_line: bool = False
    is_optional: bool = False


@dataclass(frozen=True)
class MessageKind:
    """One kind of message: its parts, its placeholders, and the words that it ships with in the active language."""

    code: str
    name: Promise
    parts: Mapping[str, Part]
    placeholders: Mapping[str, Placeholder]
    built_in: Callable[[], Mapping[str, str]]
    # What the portal adds by itself, beside these texts.
    adds: Promise | str = ""

    @property
    def listed(self) -> list[tuple[str, Placeholder]]:
        """The placeholders with their names: a page would take a placeholder's name for a method of the mapping."""
        return list(self.placeholders.items())

    def shipped(self) -> dict[str, dict[str, str]]:
        """Return the texts that the portal ships with."""
        texts = {}
        for language in LANGUAGES:
            with override(language):
                texts[language] = dict(self.built_in())
        return texts


@dataclass(frozen=True)
class Wording:
    """The texts of a kind that are sent now, and which version they are."""

    kind: MessageKind
    texts: Texts
    version: str
    number: int | None = None
    # Why an approved version is not the one that is sent.
    passed_over: str = field(default="")

    def fill(self, part: str, values: Mapping[str, str], *, language: str) -> str:
        """Return a part with its values. Raises KeyError for a value that the kind declares and nobody gave."""
        text = self.texts[language][part]
        if self.kind.parts[part].is_one_line:
            return " ".join(_replaced(text, values).split())[:LONGEST_LINE]
        told = [
            _replaced(paragraph, values)
            for paragraph in paragraphs(text)
            if not any(
                self.kind.placeholders[name].may_be_empty and not values[name].strip()
                for name in PLACEHOLDER.findall(paragraph)
            )
        ]
        return "\n\n".join(told)

    def send_mail(
        self, values: Mapping[str, str], *, to: str, language: str, message_id: str, reply_to: str = ""
    ) -> None:
        """Mail subject and text with their values. Raises KeyError as ``fill`` does, and what ``mail.send`` raises."""
        mail.send(
            to=to, subject=self.fill("subject", values, language=language), template="worded",
            context={"text": self.fill("text", values, language=language)}, language=language, message_id=message_id,
            reply_to=reply_to,
        )  # fmt: skip


_kinds: dict[str, MessageKind] = {}


def declare(kind: MessageKind) -> None:
    """Make a kind known. Its own words are held to the rules of all others by a test."""
    _kinds[kind.code] = kind


def kinds() -> list[MessageKind]:
    """Return all kinds, by code."""
    return [_kinds[code] for code in sorted(_kinds)]


def kind_of(code: str) -> MessageKind | None:
    """Return a kind; nothing where no app declares it any longer."""
    return _kinds.get(code)


def digest_of(texts: Texts) -> str:
    """Return the SHA-256 of the texts of a version."""
    return canonical_json.digest({language: dict(parts) for language, parts in texts.items()})


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text, which blank lines part."""
    return [part.strip("\n") for part in re.split(r"\n[ ]*\n+", text.strip()) if part.strip()]


def in_force(code: str) -> Wording:
    """Return what is sent of a kind: the newest approved version that is intact and fits, else what shipped."""
    kind = _kinds[code]
    newest = MessageTemplate.objects.in_force(code)
    why = why_unfit(newest) if newest is not None else ""
    if newest is not None and not why:
        return Wording(kind, newest.texts, f"{code} {newest.number}", newest.number)
    shipped = kind.shipped()
    return Wording(kind, shipped, f"{code} built-in {digest_of(shipped)[:8]}", None, why)


def of_version(code: str, version: str) -> Wording:
    """Return the version that was shown before it goes out, while it can be sent; else the one in force."""
    now, kind = in_force(code), _kinds[code]
    shipped = kind.shipped()
    if version == f"{code} built-in {digest_of(shipped)[:8]}":
        return Wording(kind, shipped, version)
    number = version.removeprefix(f"{code} ")
    known = MessageTemplate.objects.filter(code=code, state=MessageTemplate.State.APPROVED)
    shown = known.filter(number=int(number)).first() if number.isdecimal() else None
    return now if shown is None or why_unfit(shown) else Wording(kind, shown.texts, version, shown.number)


def why_unfit(version: MessageTemplate) -> str:
    """Return why an approved version is not sent: changed outside the portal, or no longer fit for its kind."""
    kind = kind_of(version.code)
    if kind is None:
        return _("The portal no longer sends this kind of message.")
    if not is_intact(version):
        return _("The text was changed outside the portal, so it is not sent.")
    try:
        validate(kind, version.texts)
    except InvalidTemplate as why:
        return str(why)
    return ""


def is_intact(version: MessageTemplate) -> bool:
    """Whether an approved text is the one whose digest went on the audit trail when it was approved."""
    if digest_of(version.texts) != version.digest:
        return False
    about = f"policies.messagetemplate:{version.pk}"
    found = Entry.objects.filter(about=about, word=Event.TEMPLATE_APPROVED).order_by("id").first()
    if found is None:
        # Once the entry is past its own term, the text's own digest alone has to do.
        return version.approved_at is not None and Entry.objects.is_pruned(version.approved_at)
    return bool(facts_in(found.payload).get("digest") == version.digest)


def examples(kind: MessageKind, language: str) -> dict[str, str]:
    """Return a value for each placeholder that is of no person."""
    with override(language):
        return {name: one.example() for name, one in kind.placeholders.items()}


def preview(kind: MessageKind, texts: Texts, language: str) -> list[tuple[str, str]]:
    """Return each part as it would be sent with the example values, with its label."""
    wording, values = Wording(kind, texts, ""), examples(kind, language)
    return [(str(part.label), wording.fill(name, values, language=language)) for name, part in kind.parts.items()]


def validate(kind: MessageKind, texts: Texts) -> None:
    """Refuse what can't be sent as this kind, pointing at the field. Raises InvalidTemplate."""
    if set(texts) != set(LANGUAGES):
        raise InvalidTemplate(_("A template has a Korean and an English text."))
    for language in LANGUAGES:
        said = texts[language]
        if set(said) != set(kind.parts):
            raise InvalidTemplate(_("The parts of this template have changed. Start again from the text in force."))
        for name, part in kind.parts.items():
            _validate_part(kind, part, said[name], pointer=f"/{name}_{language}")
        _require_contents(kind, said, language)


def _validate_part(kind: MessageKind, part: Part, text: object, *, pointer: str) -> None:
    if not isinstance(text, str) or not (text.strip() or part.is_optional):
        raise InvalidTemplate(_("Enter the text."), pointer=pointer)
    if len(text) > part.longest:
        raise InvalidTemplate(
            _("This text is too long: at most %(most)d characters.") % {"most": part.longest}, pointer=pointer
        )
    if NOT_TEXT.search(text) or (part.is_one_line and "\n" in text.strip()):
        raise InvalidTemplate(
            _("Enter one line of plain text.") if part.is_one_line else _("Enter plain text."), pointer=pointer
        )
    for name in PLACEHOLDER.findall(text):
        if name not in kind.placeholders:
            raise InvalidTemplate(
                _("“{%(name)s}” is not a placeholder of this template. Use one from the list.") % {"name": name},
                pointer=pointer,
            )
    if re.search(r"[{}]", PLACEHOLDER.sub("", text)):
        raise InvalidTemplate(_("Braces are only for the placeholders in the list."), pointer=pointer)
    for paragraph in [] if part.is_one_line else paragraphs(text):
        _must_stay(kind, PLACEHOLDER.findall(paragraph), pointer=pointer)


def _must_stay(kind: MessageKind, named: list[str], *, pointer: str) -> None:
    """Refuse a paragraph that goes where a value is empty, and would take what must be there with it."""
    going = [name for name in named if kind.placeholders[name].may_be_empty]
    staying = [name for name in named if kind.placeholders[name].must_be_there]
    if going and staying:
        raise InvalidTemplate(
            _(
                "“{%(staying)s}” needs a paragraph of its own: this one is left out where there is nothing to say for "
                "“{%(going)s}”."
            )
            % {"staying": staying[0], "going": going[0]},
            pointer=pointer,
        )


def _require_contents(kind: MessageKind, said: Mapping[str, str], language: str) -> None:
    """Refuse a text without what the law has it say, or without which it is of no use."""
    last = list(kind.parts)[-1]
    bodies = [name for name, part in kind.parts.items() if not part.is_one_line] or list(kind.parts)
    named = {name for part in bodies for name in PLACEHOLDER.findall(said[part])}
    for name, one in kind.placeholders.items():
        if not one.must_be_there or name in named:
            continue
        words = {"name": name, "what": one.meaning, "law": one.law}
        text = (
            _("The law requires this message to say “%(what)s” (%(law)s). Put {%(name)s} back into the text.")
            if one.law
            else _("This message is of no use without “%(what)s”. Put {%(name)s} back into the text.")
        )
        raise InvalidTemplate(text % words, pointer=f"/{last}_{language}")


def _replaced(text: str, values: Mapping[str, str]) -> str:
    """Put the values in once: braces in a value are no placeholders."""
    return PLACEHOLDER.sub(lambda found: values[found[1]], text)
