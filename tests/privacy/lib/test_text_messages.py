"""Text messages: both providers over real HTTP, what arrives, what does not, and nothing twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.test import override_settings

from config.demonstration.text_provider import TextProvider
from privacy.lib.integrations import text_messages
from privacy.lib.integrations.text_messages import NotAccepted, Provider, ProviderUnavailable, State

MINA, NOWHERE, REFUSED = "01034567890", "01034560000", "01034569999"


@contextmanager
def a_provider(kind: str, **how: timedelta) -> Iterator[tuple[TextProvider, Provider]]:
    with TextProvider(**how) as box:
        url = box.url if kind == "own" else box.solapi_url
        with override_settings(TEXT_MESSAGES_URL=url, TEXT_MESSAGES_FROM="02-6928-6774"):
            asked = text_messages.provider()
            assert asked is not None
            yield box, asked


KINDS = pytest.mark.parametrize("kind", ["own", "solapi"])


@KINDS
def test_a_message_goes_out_and_its_arrival_is_reported(kind: str) -> None:
    with a_provider(kind) as (box, asked):
        number = asked.send(to=MINA, text="안녕하십니까", key="notice-1")
        report = asked.report(number)
        assert (report.state, report.reason) == (State.DELIVERED, "")
        assert report.delivered_at is not None
        assert [(one.to, one.text) for one in box.taken] == [(MINA, "안녕하십니까")]
        assert box.taken[0].sender.replace("-", "") == "0269286774"


@KINDS
def test_what_was_taken_has_not_arrived(kind: str) -> None:
    with a_provider(kind, delay=timedelta(hours=1)) as (_box, asked):
        report = asked.report(asked.send(to=MINA, text="x", key="notice-1"))
        assert (report.state, report.delivered_at) == (State.ACCEPTED, None)


@KINDS
def test_the_same_key_goes_out_once(kind: str) -> None:
    with a_provider(kind) as (box, asked):
        first = asked.send(to=MINA, text="x", key="notice-1")
        assert asked.send(to=MINA, text="x", key="notice-1") == first
        asked.send(to=MINA, text="y", key="notice-2")
        assert [one.key for one in box.taken] == ["notice-1", "notice-2"]


@KINDS
def test_what_was_taken_and_never_answered_goes_out_once(kind: str) -> None:
    """Solapi is asked for the key first; the connection breaks in the call that sends."""
    with a_provider(kind) as (box, asked):
        box.trouble.extend([0] if kind == "own" else [-1, 0])
        with pytest.raises(ProviderUnavailable):
            asked.send(to=MINA, text="y", key="notice-1")
        asked.send(to=MINA, text="y", key="notice-1")
        assert [one.key for one in box.taken] == ["notice-1"]


@KINDS
def test_a_number_that_takes_none_is_refused_and_one_on_no_phone_reported(kind: str) -> None:
    with a_provider(kind) as (box, asked):
        with pytest.raises(NotAccepted):
            asked.send(to=REFUSED, text="x", key="notice-1")
        report = asked.report(asked.send(to=NOWHERE, text="x", key="notice-2"))
        assert report.state == State.FAILED
        assert report.reason
        assert len(box.taken) == 1


@KINDS
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_provider_in_trouble_is_asked_again_later(kind: str, status: int) -> None:
    with a_provider(kind) as (box, asked):
        box.trouble.append(status)
        with pytest.raises(ProviderUnavailable) as raised:
            asked.send(to=MINA, text="secret words", key="notice-1")
        assert MINA not in str(raised.value) and "secret" not in str(raised.value)


@KINDS
def test_a_provider_that_is_away_is_asked_again_later(kind: str) -> None:
    with a_provider(kind) as (_box, asked):
        pass
    with pytest.raises(ProviderUnavailable):
        asked.send(to=MINA, text="x", key="notice-1")


def test_without_a_provider_none_is_sent() -> None:
    with override_settings(TEXT_MESSAGES_URL=""):
        assert text_messages.provider() is None


def test_a_wrong_token_is_no_refusal_of_the_message() -> None:
    with TextProvider() as box:
        wrong = text_messages.HttpProvider(urlsplit(box.url.replace("demonstration", "other")), sender="0269286774")
        with pytest.raises(ProviderUnavailable):
            wrong.send(to=MINA, text="x", key="notice-1")


@pytest.mark.parametrize(
    ("value", "digits"),
    [
        ("010-3456-7890", "01034567890"),
        ("+82 10-3456-7890", "01034567890"),
        ("+82 (0)10 3456 7890", "01034567890"),
        ("011-345-6789", "0113456789"),
        ("02-6928-6774", None),
        ("+1 202 555 0143", None),
        ("010-3456", None),
    ],
)
def test_only_korean_mobile_numbers_receive_texts(value: str, digits: str | None) -> None:
    assert text_messages.mobile_number(value) == digits


def test_a_long_text_is_carried_whole_in_numbered_parts() -> None:
    words = [f"낱말{number}" for number in range(700)]
    parts = text_messages.parts_of(" ".join(words))
    assert 1 < len(parts) <= text_messages.MOST_PARTS
    assert all(text_messages.size(part) <= text_messages.LMS_BYTES for part in parts)
    assert " ".join(part.partition("\n")[2] for part in parts).split() == words
    assert parts[0].startswith(f"(1/{len(parts)})\n")


def test_a_text_that_fits_is_one_message_without_a_number() -> None:
    assert text_messages.parts_of("가" * 1_000) == ["가" * 1_000]


def test_a_text_beyond_the_most_parts_is_none() -> None:
    assert text_messages.parts_of(" ".join(["낱말"] * 3_000)) == []
    assert text_messages.parts_of("가" * 1_500) == []


def test_signs_that_no_phone_has_are_written_plainly() -> None:
    assert text_messages.plain("“법” – a…\u00a0é😀 제1조") == "“법” - a... e? 제1조"


@pytest.mark.attack("24.2")
@pytest.mark.parametrize("number", ["a b", "../../other?x=1", "x" * 49, "", 7, None])
def test_a_number_that_could_lead_elsewhere_is_no_number(number: object) -> None:
    with pytest.raises(ProviderUnavailable):
        text_messages.message_number(number)


@pytest.mark.attack("24.2")
@pytest.mark.parametrize(
    ("said", "kept"),
    [("no-such-phone", "no-such-phone"), ("3058", "3058"), ("01034567890 is off", "failed"), ("x01034567890", "failed"),
     (None, "failed")],
)  # fmt: skip
def test_what_a_provider_says_is_kept_as_a_code_or_not_at_all(said: object, kept: str) -> None:
    assert text_messages.reason_code(said) == kept
