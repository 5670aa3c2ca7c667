"""Every text is in Korean and in English: the code's texts are English, the catalogue holds the Korean ones."""

import re
from enum import StrEnum
from importlib import import_module, util

import pytest
from django.apps import apps

from config.phrases import PHRASES
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


def test_the_compiled_catalogue_says_what_the_catalogue_says() -> None:
    messages = list(catalogue.read(catalogue.CATALOGUE))
    compiled = catalogue.binary(messages)
    import gettext
    from io import BytesIO

    read = gettext.GNUTranslations(BytesIO(compiled))
    for message in messages:
        if message.text and not message.plural and not message.context and not message.fuzzy:
            assert read.gettext(message.text) == message.translation


@pytest.mark.parametrize("text", ['a "quoted" word', "two\nlines", "a back\\slash", "끝에 줄바꿈\n"])
def test_what_is_written_is_read_back(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("locale") / "django.po"
    catalogue.write(path, [catalogue.Message(text, translation=text, plural=text)])
    read = [message for message in catalogue.read(path) if message.text]
    assert [(m.text, m.plural, m.translation) for m in read] == [(text, text, text)]


def test_every_word_of_the_ledger_has_a_phrase() -> None:
    words = set()
    for app in apps.get_app_configs():
        if util.find_spec(f"{app.name}.events"):
            events = import_module(f"{app.name}.events")
            for kind in vars(events).values():
                if isinstance(kind, type) and issubclass(kind, StrEnum) and kind is not StrEnum:
                    words |= {word.value for word in kind}
    assert words == set(PHRASES)
