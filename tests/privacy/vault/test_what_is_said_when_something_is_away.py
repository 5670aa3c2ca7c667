"""The page of what is away says what is away, what was done, and whether to load it again: nothing that is not so."""

import re
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
from django.test import Client, RequestFactory, override_settings
from django.urls import reverse
from django.utils import translation

from devices import problems
from privacy.ledger.actions import LedgerUnavailable
from privacy.ledger.middleware import answer_unavailable
from privacy.lib.errors.refusals import Unavailable
from privacy.policies import actions as policies
from privacy.policies.models import ParameterChange
from privacy.vault import keys
from privacy.vault.keyservice.client import ServiceSigner
from privacy.vault.keyservice.refusals import CeilingReached, KeyServiceUnavailable, KeysRefused, StillChecking
from tests.privacy.policies.test_lessened_later import SYSTEM, RequestedCase

pytestmark = pytest.mark.truth("what-is-away")

RELOAD = "Reload this page in a few seconds"


def said(refusal: Unavailable, method: str = "get", language: str = "en") -> str:
    with translation.override(language):
        answer = answer_unavailable(getattr(RequestFactory(), method)("/office/"), refusal)
    return re.sub(r"\s+", " ", answer.content.decode())


def test_only_what_passes_is_to_be_loaded_again() -> None:
    for refusal in (LedgerUnavailable("shut"), KeyServiceUnavailable(), StillChecking()):
        assert RELOAD in said(refusal)
    for refusal in (KeysRefused("The account has no access to this information for this purpose."), CeilingReached()):
        assert RELOAD not in said(refusal)
        assert "몇 초 뒤" not in said(refusal, language="ko")


def test_after_a_ceiling_machines_too_wait_a_minute() -> None:
    assert answer_unavailable(RequestFactory().get("/api/v1/x"), CeilingReached()).headers["Retry-After"] == "60"
    assert answer_unavailable(RequestFactory().get("/api/v1/x"), KeyServiceUnavailable()).headers["Retry-After"] == "5"
    assert problems.refusal_response(CeilingReached()).headers["Retry-After"] == "60"
    assert problems.refusal_response(KeyServiceUnavailable()).headers["Retry-After"] == "5"


def test_of_a_ceiling_and_of_a_signature_it_is_said_what_is_away() -> None:
    assert "<h1>Too much at once</h1>" in said(CeilingReached())
    assert "<h1>한꺼번에 처리할 수 있는 양을 넘었습니다</h1>" in said(CeilingReached(), language="ko")
    with TemporaryDirectory() as folder, override_settings(KEY_SERVICE="socket", KEY_SERVICE_DIR=Path(folder)):
        keys.caches.here().clear()
        for ask in (ServiceSigner().public_key, lambda: ServiceSigner().sign("{}")):
            with pytest.raises(KeyServiceUnavailable) as raised:
                ask()
            for language, title in (("en", "Signatures are not available"), ("ko", "지금은 서명을 확인할 수 없습니다")):
                page = said(raised.value, language=language)
                assert f"<h1>{title}</h1>" in page
                assert "Personal data" not in page and "개인정보를" not in page


def test_of_what_is_not_signed_it_is_not_said_that_personal_data_is_away() -> None:
    with (
        patch("privacy.vault.keyservice.client.ask_to_the_end", side_effect=KeysRefused("Nothing was signed.")),
        pytest.raises(KeysRefused) as raised,
    ):
        ServiceSigner().sign("{}")
    assert "<h1>The document was not signed</h1>" in said(raised.value)
    assert "<h1>Personal data is not available</h1>" in said(KeysRefused("No."))


def test_only_of_what_was_read_it_is_said_that_nothing_was_changed() -> None:
    shown = "Nothing was shown or changed"
    check = "check what has already been done"
    for refusal in (LedgerUnavailable("shut"), KeysRefused("No."), CeilingReached(), KeyServiceUnavailable()):
        assert shown in said(refusal)
        assert check not in said(refusal)
        sent = said(refusal, "post")
        assert check in sent
        assert shown not in sent and RELOAD not in sent
        assert "이미 처리된 내용" in said(refusal, "post", "ko")


class OfSeveral(RequestedCase):
    def test_where_the_first_is_done_nothing_says_that_nothing_was(self) -> None:
        day = timedelta(days=1)
        self.set(96, self.today, actor=SYSTEM)
        both = [self.request(72, self.today + 2 * day), self.request(48, self.today + 5 * day)]
        real, calls = policies.refuse_change, []

        def second_fails(*args: object, **rest: object) -> object:
            calls.append(1)
            if len(calls) == 2:
                raise LedgerUnavailable("The audit trail can't be written to at the moment. Try again shortly.")
            return real(*args, **rest)  # type: ignore[arg-type]

        client = Client(raise_request_exception=False)
        client.force_login(self.omar)
        given = {"action": "refuse", "_selected_action": [str(one.pk) for one in both], "index": "0"}
        with patch("privacy.policies.admin.parameters.policies.refuse_change", side_effect=second_fails):
            with translation.override("en"):
                address = reverse("admin:policies_parameterchange_changelist")
            page = client.post(address, given).content.decode()
        assert ParameterChange.objects.exclude(refused_by="").count() == 1
        assert "check what has already been done" in page
        assert "Nothing was shown or changed" not in page
