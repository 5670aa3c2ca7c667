"""The public request form: one form for all rights, no account, no script, and one answer for everybody."""

import re
from urllib.parse import unquote

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from privacy.lib.dates import clock
from privacy.rights import register
from privacy.rights.forms import RequestForm
from privacy.rights.models import Particulars, Request, Right
from privacy.vault import actions as vault
from privacy.vault.models import Freeze
from privacy.vault.purposes import Purpose
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

    @pytest.mark.law("R-04")
    def test_how_to_ask_and_by_which_ways_is_published(self) -> None:
        page = self.client.get("/en/rights/").content.decode()
        assert "Use the form on this site, send an e-mail or a letter, or call us." in page
        assert 'href="/en/rights/request/"' in page
        assert "02-6928-6774" in page

    def test_it_speaks_korean_by_default_and_english_under_en(self) -> None:
        assert self.client.get("/rights/request/").headers["Content-Language"] == "ko"
        assert b"Make a request" in self.client.get("/en/rights/request/").content

    @pytest.mark.law("R-04", "R-30", "S-12")
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
    @pytest.mark.truth("destroyed-though-it-never-arrived")
    def test_a_representative_says_for_whom(self) -> None:
        assert self.post(requester="legal-representative").status_code == 422
        said = {"requester": "legal-representative", "principal": "Mini", "relation": "mother"}
        for day in ("", "2999-01-01"):
            answer = self.post(**said, principal_birth_date=day)
            assert "principal_birth_date" in answer.context["form"].errors
        answer = self.post(**said, principal_birth_date="2018-05-01", birth_date="1985-01-02", address="서울 중구 1")
        assert answer.status_code == 200
        (words,) = Particulars.objects.all()
        with vault.opened(
            purpose=Purpose.RIGHTS, task="rights.particulars.opened", actor=factory.make_odile(), at=clock.now(),
            reason="x",
        ) as session:  # fmt: skip
            kept = session.decrypt(words, "contact")
        assert (kept["birth_date"], kept["principal_birth_date"], kept["address"]) == (
            "1985-01-02", "2018-05-01", "서울 중구 1",
        )  # fmt: skip
        Request.objects.update(fee_won=500, postage_won=3_000)
        for held in ("암호화 보관", "없음", "파기"):
            (row,) = register.rows(Request.objects.all())
            said = dict(zip(register.COLUMNS, row, strict=True))
            assert (said["수수료(원)"], said["우송료(원)"], said["대리인 인적사항"]) == (500, 3_000, held)
            if held == "없음":
                Request.objects.update(state="withdrawn", closed_at=clock.now())
            Particulars.objects.all().delete()

    @pytest.mark.law("R-01", "F-1")
    def test_one_case_takes_every_right(self) -> None:
        kinds = [kind.value for kind in Right.Kind]
        of_the_act = {"access", "portability", "correction", "deletion", "suspension", "consent-withdrawal"}
        assert of_the_act | {"decision-refusal", "decision-explanation", "decision-review"} <= set(kinds)
        self.post(rights=kinds, decision="12월 1일에 기기가 잠겼습니다")
        assert [value for value, _name in RequestForm.base_fields["rights"].choices] == kinds  # type: ignore[attr-defined]
        case = Request.objects.get()
        assert [right.kind for right in case.rights.all()] == kinds
        (row,) = register.rows(Request.objects.all())
        said = dict(zip(register.COLUMNS, row, strict=True))
        assert (said["접수번호"], said["접수일"], said["처리기한"]) == (case.number, case.received_on, case.due_on)
        assert said["접수 경로"] == case.get_channel_display() and said["요구인"] == case.get_requester_display()
        assert all(str(Right.Kind(kind).label) in said["요구 내용"] for kind in kinds)

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
