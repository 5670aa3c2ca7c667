"""The public request form: one form for all rights, no account, no script, and one answer for everybody."""

import re
from urllib.parse import unquote

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from privacy.rights.forms import RequestForm
from privacy.rights.models import Particulars, Request, Right
from privacy.vault.models import Freeze
from tests import factory
from tests.base import PortalTestCase


def fields(**changes: object) -> dict[str, object]:
    values: dict[str, object] = {
        "rights": ["correction"],
        "target_kind": "imei",
        "target": factory.imei(1),
        "item": "device-registration/imei",
        "wanted": factory.imei(2),
        "requester": "self",
        "name": "Mina",
        "answer_by": "portal",
        **changes,
    }
    return {name: value for name, value in values.items() if value is not None}


@pytest.mark.clause("P1.1")
@pytest.mark.clause("P1.3")
class RequestFormTests(PortalTestCase):
    def post(self, **changes: object) -> object:
        return self.client.post(reverse("rights:request"), fields(**changes))

    @pytest.mark.law("R-04")
    def test_it_is_open_to_everybody_and_needs_no_script(self) -> None:
        page = self.client.get(reverse("rights:request"))
        assert page.status_code == 200
        assert b"<script" not in page.content

    def test_it_speaks_korean_by_default_and_english_under_en(self) -> None:
        assert self.client.get("/rights/request/").headers["Content-Language"] == "ko"
        assert b"Make a request" in self.client.get("/en/rights/request/").content

    @pytest.mark.law("R-04", "R-30")
    def test_a_request_makes_a_case_with_a_number_and_a_code(self) -> None:
        page = self.post()
        assert page.status_code == 200
        case = Request.objects.get()
        text = page.content.decode()
        assert case.number in text
        code = re.search(r'id="case-code"[^>]*>([^<]+)<', text)
        assert code is not None
        assert len(code[1].replace("-", "")) == 26
        assert code[1] not in str(Request.objects.values().get())

    def test_number_and_code_are_saved_as_a_file_and_the_status_page_opens_at_once(self) -> None:
        text = self.post().content.decode()  # type: ignore[attr-defined]
        case = Request.objects.get()
        code = re.search(r'id="case-code"[^>]*>([^<]+)<', text)
        note = re.search(r'href="(data:text/plain[^"]+)" download="([^"]+)"', text)
        assert code is not None
        assert note is not None
        saved = unquote(note[1].partition(",")[2])
        assert case.number in saved
        assert code[1] in saved
        assert saved.rstrip().endswith(reverse("rights:case"))
        assert note[2] == f"{case.number}.txt"
        assert case.number in self.client.get(reverse("rights:case")).content.decode()
        # Another browser is asked for both.
        assert case.number not in Client().get(reverse("rights:case")).content.decode()

    @pytest.mark.truth("hunt")
    def test_what_was_typed_and_can_not_be_taken_is_not_said_to_be_missing(self) -> None:
        long = "x" * 2001
        page = self.post(
            wanted=long, item_2="device-registration/model", wanted_2=long, item_3="no/item", wanted_3="7",
            answer_by="letter", address=long, requester="agent", name=long, principal=long, relation=long,
        )  # fmt: skip
        errors = page.context["form"].errors  # type: ignore[attr-defined]
        assert sorted(errors) == ["address", "item_3", "name", "principal", "relation", "wanted", "wanted_2"]
        assert {name: len(said) for name, said in errors.items()} == dict.fromkeys(errors, 1)

    def test_what_was_typed_is_sealed_and_nowhere_else(self) -> None:
        self.post(explanation="zebra-canary")
        particulars = Particulars.objects.get()
        assert str(particulars.explanation) == "••••••"
        for row in (*Request.objects.values(), *Particulars.objects.values()):
            assert "zebra-canary" not in str(row)
            assert factory.imei(1) not in str(row)

    @pytest.mark.asvs("2.2.2")
    def test_errors_stand_on_top_and_keep_what_was_typed(self) -> None:
        page = self.post(target="123456789012345", wanted="keep me")
        assert page.status_code == 422
        text = page.content.decode()
        assert 'class="error-summary"' in text
        assert 'href="#id_target"' in text
        assert 'value="keep me"' in text
        assert not Request.objects.exists()

    def test_a_correction_says_what_is_wrong_and_what_it_should_be(self) -> None:
        assert self.post(item="").status_code == 422
        assert self.post(wanted="").status_code == 422
        assert not Request.objects.exists()

    @pytest.mark.law("R-26", "F-1")
    def test_a_representative_says_for_whom(self) -> None:
        assert self.post(requester="legal-representative").status_code == 422
        answer = self.post(requester="legal-representative", principal="Mini", relation="mother")
        assert answer.status_code == 200

    @pytest.mark.law("R-01")
    def test_one_case_takes_every_right(self) -> None:
        kinds = [kind.value for kind in Right.Kind]
        self.post(rights=kinds, decision="12월 1일에 기기가 잠겼습니다")
        assert [value for value, _name in RequestForm.base_fields["rights"].choices] == kinds  # type: ignore[attr-defined]
        assert [right.kind for right in Request.objects.get().rights.all()] == kinds

    def test_the_same_form_sent_twice_is_one_case_with_one_answer(self) -> None:
        first = self.post(submission="mark-of-this-form")
        again = self.post(submission="mark-of-this-form")
        strip = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]+"')
        assert strip.sub(b"", first.content) == strip.sub(b"", again.content)
        assert Request.objects.count() == 1
        assert Freeze.objects.count() <= 1

    @pytest.mark.asvs("2.4.1", "2.4.2")
    def test_a_program_that_fills_the_trap_is_thanked_and_nothing_is_kept(self) -> None:
        assert self.post(website="http://spam.example").status_code == 200
        assert not Request.objects.exists()

    @pytest.mark.asvs("2.4.1")
    def test_too_many_requests_from_one_address_are_sent_to_the_telephone(self) -> None:
        for _number in range(5):
            assert self.post().status_code == 200
        assert self.post().status_code == 429
        assert Request.objects.count() == 5

    @pytest.mark.asvs("15.3.4")
    def test_an_address_that_somebody_says_of_themselves_makes_no_other_caller(self) -> None:
        for number in range(6):
            said = dict.fromkeys(("X-Forwarded-For", "X-Real-IP", "Forwarded"), f"198.51.100.{number}")
            answer = self.client.post(reverse("rights:request"), fields(submission=f"mark-{number}"), headers=said)
            assert answer.status_code == (200 if number < 5 else 429), number

    @pytest.mark.asvs("3.5.1")
    def test_a_forged_post_without_token_is_refused(self) -> None:
        strict = Client(enforce_csrf_checks=True)
        assert strict.post(reverse("rights:request"), fields()).status_code == 403


@pytest.mark.asvs("6.3.8")
@pytest.mark.clause("P1.3")
class SameAnswerTests(PortalTestCase):
    """Nobody learns from the form who is known (SEC-16)."""

    def test_known_and_unknown_get_the_same_status_headers_and_length(self) -> None:
        device = factory.make_device(1)
        answers = []
        for target in (factory.imei(1), factory.imei(4242)):
            answers.append(self.client.post(reverse("rights:request"), fields(target=target)))
        known, unknown = answers
        assert known.status_code == unknown.status_code == 200
        assert {k: v for k, v in known.headers.items() if k not in {"X-Request-ID", "Expires"}} == {
            k: v for k, v in unknown.headers.items() if k not in {"X-Request-ID", "Expires"}
        }
        assert len(known.content) == len(unknown.content)
        assert Request.objects.filter(matched_subject_id=device.subject_id).count() == 1

    def test_known_and_unknown_ask_the_databases_the_same_questions(self) -> None:
        factory.make_device(1)
        # The first request of a month makes the month's key.
        _shape_of_queries(self.client, factory.imei(77))
        shapes = []
        for target in (factory.imei(1), factory.imei(4242)):
            shapes.append(_shape_of_queries(self.client, target))
        assert shapes[0] == shapes[1]


def _shape_of_queries(client: Client, target: str) -> dict[str, list[str]]:
    with (
        CaptureQueriesContext(connections["default"]) as general,
        CaptureQueriesContext(connections["personal"]) as own,
    ):
        assert client.post(reverse("rights:request"), fields(target=target)).status_code == 200
    return {
        "default": [_shape(query["sql"]) for query in general],
        "personal": [_shape(query["sql"]) for query in own],
    }


def _shape(statement: str) -> str:
    """The beginning of a statement, without the numbers of savepoints."""
    return re.sub(r"[0-9]+", "", " ".join(statement.split()[:4]))
