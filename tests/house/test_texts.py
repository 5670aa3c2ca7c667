"""Every text is in Korean and in English: the code's texts are English, the catalogue holds the Korean ones."""

import re
from enum import StrEnum
from importlib import import_module, util

import pytest
from django.apps import apps
from django.utils import translation
from django.utils.translation import gettext, ngettext, pgettext

from config.event_descriptions import EVENT_DESCRIPTIONS
from tools import catalogue

HANGUL = re.compile(r"[가-힣]")


def test_every_text_has_a_korean_translation() -> None:
    lacking = [f"{message.where[0]}: {message.text!r}" for message in catalogue.missing()]
    assert not lacking, f"{len(lacking)} texts without a sound translation:\n" + "\n".join(lacking)


def test_no_translation_is_fuzzy_or_left_over() -> None:
    messages = list(catalogue.translated().values())
    assert not [message.text for message in messages if message.fuzzy]
    unused = catalogue.translated().keys() - catalogue.used().keys()
    assert not unused, f"nothing uses: {sorted(unused)}"


def test_texts_in_code_are_english() -> None:
    korean = [f"{m.where[0]}: {m.text!r}" for m in catalogue.used().values() if HANGUL.search(m.text)]
    assert not korean


def test_no_translation_is_stored_twice() -> None:
    places: dict[catalogue.Key, list[str]] = {}
    for path in catalogue.catalogues():
        for message in catalogue.read(path):
            places.setdefault(message.key, []).extend(message.where)
    assert not [found for found in places.values() if len(found) > 1]


def test_django_says_what_the_catalogues_say() -> None:
    """Whatever other apps translate: Django merges the compiled catalogues of all."""
    with translation.override("ko"):
        for message in catalogue.translated().values():
            if message.plural:
                assert ngettext(message.text, message.plural, 2) == message.translation
            elif message.context:
                assert pgettext(message.context, message.text) == message.translation
            else:
                assert gettext(message.text) == message.translation, f"{message.where[0]}: is it compiled?"


@pytest.mark.parametrize("text", ['a "quoted" word', "two\nlines", "a back\\slash", "끝에 줄바꿈\n"])
def test_what_is_written_is_read_back(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("locale") / "django.po"
    catalogue.write(path, [catalogue.Message(text, translation=text, plural=text)])
    read = [message for message in catalogue.read(path) if message.text]
    assert [(m.text, m.plural, m.translation) for m in read] == [(text, text, text)]


# Words that are one in English and several in Korean: each says which is meant (``pgettext``).
SEVERAL_MEANINGS = {
    "Approve access", "Note", "Notice", "Refuse access", "Register", "Returned", "Revoke", "Since", "Withdraw",
    "certificate", "closed", "holds", "in force", "open", "planned at", "review", "seen at", "since",
}  # fmt: skip


def test_a_word_of_several_meanings_says_which() -> None:
    bare = [m.where for m in catalogue.used().values() if m.text in SEVERAL_MEANINGS and not m.context]
    assert not bare


def test_every_word_of_the_ledger_has_a_phrase() -> None:
    words = set()
    for app in apps.get_app_configs():
        if util.find_spec(f"{app.name}.events"):
            events = import_module(f"{app.name}.events")
            for kind in vars(events).values():
                if isinstance(kind, type) and issubclass(kind, StrEnum) and kind is not StrEnum:
                    words |= {word.value for word in kind}
    assert words == set(EVENT_DESCRIPTIONS)
