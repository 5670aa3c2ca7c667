"""Passwords: how long, of what, against which lists, and that they are taken exactly as they were typed."""

import re
from datetime import timedelta
from pathlib import Path
from unittest import mock

import pytest
from django.conf import settings
from django.contrib.auth import password_validation
from django.contrib.auth.hashers import identify_hasher
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from config import password_rules
from config import settings as production
from privacy.accounts import actions as accounts
from privacy.accounts.models import User
from privacy.jobs.models import GeneralOutbox
from privacy.lib.dates import clock
from tests import factory
from tests.base import PortalTestCase
from tests.house.test_secure_code import SERVED, SOURCES
from tests.privacy.accounts.test_invitations import ask, deliver
from tests.privacy.accounts.test_sessions import signed_in

ROOT = Path(__file__).resolve().parents[3]


def refused(password: str, user: User | None = None) -> set[str]:
    """The codes with which a password is refused; none where it is taken."""
    try:
        password_validation.validate_password(password, user)
    except ValidationError as errors:
        return {str(error.code) for error in errors.error_list}
    return set()


@pytest.mark.asvs("6.2.1")
def test_eleven_letters_are_too_short_and_twelve_are_enough() -> None:
    assert refused("brasslantern"[:11]) == {"password_too_short"}
    assert not refused("brasslantern")


@pytest.mark.asvs("6.2.4")
def test_common_passwords_of_the_length_are_refused() -> None:
    for common in ("1qaz2wsx3edc", "123456789123", "administrator"):
        assert "password_too_common" in refused(common), common


@pytest.mark.asvs("6.2.5")
@pytest.mark.parametrize(
    "password",
    ["brasslanternquiet", "947205816334", "!!..;;??-_-_$$", "조용한항구의놋쇠등불하나둘", "🏮 quiet harbour"],
)
def test_of_any_letters(password: str) -> None:
    assert not refused(password)


@pytest.mark.asvs("6.2.11")
@pytest.mark.parametrize("word", password_rules.WORDS)
def test_words_of_the_office_with_a_few_letters_are_refused(word: str) -> None:
    for guess in (f"{word}{word}{word}{word}{word}{word}", f"{word.upper()}-Extrus-2026!", f"privacy{word}1234"):
        assert refused(guess) >= {"words_of_the_office"}, guess
    assert not refused(f"{word} over quiet lamps")


class TypedTests(PortalTestCase):
    def change(self, client: Client, old: str, new: str) -> bool:
        given = {"oldpassword": old, "password1": new, "password2": new}
        return client.post("/staff/security/password/", given).status_code == 302

    def opens(self, user: User, password: str) -> bool:
        return Client().post("/sign-in/", {"login": user.email, "password": password}).status_code == 302

    @pytest.mark.asvs("6.2.2", "6.2.8", "6.2.9")
    def test_it_is_taken_to_its_last_letter_with_its_case_and_spaces(self) -> None:
        emin = factory.make_emin()
        client, old = signed_in(emin), factory.PASSWORD
        for new in ("  Brass Lantern quiet ", "x" * 63 + "Y", "quiet lamps over water " * 5 + "END"):
            assert self.change(client, old, new), new
            assert self.opens(emin, new)
            for other in (new.strip() if new != new.strip() else new[:-1], new.swapcase(), new[:64] + "…"):
                assert not self.opens(emin, other), other
            old = new

    @pytest.mark.asvs("6.2.10")
    def test_it_has_no_end(self) -> None:
        emin = factory.make_emin()
        emin.set_password(factory.PASSWORD)
        emin.save()
        User.objects.filter(pk=emin.pk).update(last_login="2001-01-02T00:00:00Z")
        assert self.opens(emin, factory.PASSWORD)
        with mock.patch.object(clock, "now", return_value=clock.now() + timedelta(days=3_650)):
            client = Client()
            given = {"login": emin.email, "password": factory.PASSWORD}
            assert client.post("/sign-in/", given).headers["Location"] != "/staff/security/password/"
            for page in ("/staff/", "/staff/security/"):
                assert client.get(page).status_code == 200

    @pytest.mark.asvs("11.2.2")
    def test_another_hasher_takes_over_at_the_next_sign_in(self) -> None:
        emin = factory.make_emin()
        assert identify_hasher(emin.password).algorithm == "md5"  # of tests
        with self.settings(PASSWORD_HASHERS=[*production.PASSWORD_HASHERS, *settings.PASSWORD_HASHERS]):
            assert self.opens(emin, factory.PASSWORD)
            emin.refresh_from_db()
            assert emin.password.startswith("argon2$argon2id$")
            assert self.opens(emin, factory.PASSWORD)

    @pytest.mark.law("S-18", "S-23")
    @pytest.mark.asvs("11.4.2", "14.2.4")
    def test_it_is_kept_by_argon2id_with_a_salt_of_its_own(self) -> None:
        emin, omar = factory.make_emin(), factory.make_omar()
        with self.settings(PASSWORD_HASHERS=production.PASSWORD_HASHERS):
            for user in (emin, omar):
                user.set_password("quiet lamps over water")
                assert user.password.startswith("argon2$argon2id$")
                said = identify_hasher(user.password).decode(user.password)
                assert said["memory_cost"] >= 19_456 and said["time_cost"] >= 2
        assert emin.password != omar.password


def invited_path() -> str:
    """Let somebody be invited; return the page on which they set their password."""
    asked = ask(email=f"new{GeneralOutbox.objects.count()}@extrus.example")
    accounts.approve_act(asked, reason="known", actor=factory.make_omar(), at=clock.now())
    return deliver()


class FieldTests(PortalTestCase):
    def pages(self) -> list[str]:
        emin = signed_in(factory.make_emin())
        nina = signed_in(factory.make_user("nina@extrus.example", "Nina", "handler", fit=False))
        return [
            nina.get("/staff/pledges/sign/entry/").content.decode(),
            Client().get(reverse("account_login")).content.decode(),
            emin.get("/staff/security/password/").content.decode(),
            emin.get("/staff/security/confirm/").content.decode(),
            Client().get(invited_path()).content.decode(),
        ]

    @pytest.mark.asvs("6.2.6", "6.2.7")
    def test_fields_are_masked_and_take_what_is_pasted_or_filled_in(self) -> None:
        """No script reads them (``tests/house/test_templates.py``: nothing inline), and managers know what they are."""
        for page in self.pages():
            # Every field that is typed in, but the name: the second of a new password has another name.
            fields = re.findall(
                r"<input(?![^>]*(?:type=\"(?:hidden|email|search|checkbox)\"|name=\"(?:login|typed_name)\"))[^>]*>",
                page,
            )
            assert fields
            for field in fields:
                assert 'type="password"' in field, field
                assert re.search(r'autocomplete="(current|new)-password"', field), field
                assert not re.search(r"readonly|onpaste|oncopy|maxlength", field), field
        # No form of ours asks for one elsewhere; the library's are those of signing in, changing and confirming.
        asks = re.compile(r"PasswordInput|PasswordField|type=.?password")
        assert {path for path, text in SOURCES.items() if path.startswith(SERVED) and asks.search(text)} == {
            "privacy/accounts/forms.py", "privacy/workforce/forms.py",
        }  # fmt: skip
        scripts = [path.read_text() for path in (ROOT / "static").rglob("*.js")]
        assert not [script for script in scripts if re.search(r"paste|password", script)]

    @pytest.mark.asvs("6.4.2")
    def test_nothing_asks_for_a_hint_or_a_secret_answer(self) -> None:
        names = {field.name for field in User._meta.get_fields()}
        assert not [name for name in names if re.search(r"hint|question|answer", name)]
        for page in self.pages():
            assert not re.search(r"힌트|비밀 질문|hint|secret question", page)
