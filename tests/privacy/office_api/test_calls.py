"""What programs ask and tell: requests, messages, permissions, holds, registers, figures."""

import json
from datetime import timedelta

import pytest

from devices.models import IdempotentResponse
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.lib.registries import registers
from privacy.office_api.schemas import NewCase
from privacy.rights import actions as rights
from privacy.rights.admin.forms import ReceiveForm
from privacy.rights.forms import MORE_CORRECTIONS
from privacy.rights.models import CaseMessage, Request
from tests import factory
from tests.devices.api_description import Published
from tests.privacy.office_api.base import ROOT, OfficeApiTestCase

NEW_CASE = {
    "channel": "phone", "rights": ["access", "deletion"], "target_kind": "imei", "target": factory.imei(1),
    "explanation": "Mina called.", "name": "Mina", "answer_by": "email", "email": "mina@example.org",
}  # fmt: skip


class CaseTests(OfficeApiTestCase):
    def case(self, **changes: object) -> dict[str, object]:
        return {**NEW_CASE, "received_on": clock.today().isoformat(), **changes}

    @pytest.mark.asvs("8.2.3", "15.3.1")
    def test_a_helpdesk_records_a_request_once_and_reads_it(self) -> None:
        made = self.ok("POST", "/cases", self.case(), status=201, **{"Idempotency-Key": "call-1"})
        again = self.ok("POST", "/cases", self.case(), status=201, **{"Idempotency-Key": "call-1"})
        assert made == again and Request.objects.count() == 1
        other = self.refused("POST", "/cases", self.case(name="Ana"), **{"Idempotency-Key": "call-1"})
        assert other == (422, "key-reused")
        seen = self.ok("GET", f"/cases/{made['number']}")
        assert [right["kind"] for right in seen["rights"]] == ["access", "deletion"]
        assert seen["due_on"] == made["due_on"] and "Mina" not in json.dumps(seen)
        case = Request.objects.get()
        assert case.received_by == self.odile.reference
        # The requester opens the page with what they were told.
        page = self.client.post("/rights/case/", {"number": made["number"], "code": made["code"]}, follow=True)
        assert made["number"] in page.content.decode()

    @pytest.mark.asvs("8.2.3")
    def test_words_are_read_for_a_reason_that_is_on_record(self) -> None:
        number = self.ok("POST", "/cases", self.case(), status=201)["number"]
        for body in ({}, {"purpose": "rights"}, {"purpose": "analytics", "reason": "because of it"}):
            assert self.refused("POST", f"/cases/{number}/openings", body)[0] == 400
        told = {"purpose": "rights", "reason": "the requester calls again"}
        opened = self.ok("POST", f"/cases/{number}/openings", told)
        assert opened["explanation"] == "Mina called." and opened["contact"]["email"] == "mina@example.org"
        entry = Entry.objects.filter(task="office_api.case.opened").latest("id")
        assert entry.purpose == "rights" and "the requester calls again" in entry.payload
        token = self.issue(self.odile, "cases.read")
        assert self.refused("POST", f"/cases/{number}/openings", told, token=token) == (403, "not-permitted")

    def test_a_message_is_written_once_and_answers_what_was_read(self) -> None:
        receipt = factory.ask(at=self.now)
        rights.write_message(
            receipt.request, text="When?", actor=factory.make_emin(), at=self.now
        )  # as the requester's page does
        path = f"/cases/{receipt.number}/messages"
        sent = {"text": "By Friday.", "newest": 1}
        made = self.ok("POST", path, sent, status=201, **{"Idempotency-Key": "m"})
        assert made == self.ok("POST", path, sent, status=201, **{"Idempotency-Key": "m"})
        IdempotentResponse.objects.all().delete()  # as if the process was killed before it kept its answer
        assert made == self.ok("POST", path, sent, status=201, **{"Idempotency-Key": "m"})
        assert [one.state for one in CaseMessage.objects.order_by("number")] == ["answered", "posted"]
        rights.write_message(receipt.request, text="Sure?", actor=factory.make_emin(), at=self.now)
        self.ok("POST", path, {"text": "Without a look at what waits."}, status=201)
        assert CaseMessage.objects.get(number=3).state == "waiting"
        assert self.refused("POST", path, {"text": ""})[0] == 400
        assert self.refused("POST", "/cases/2026-0000000/messages", sent) == (404, "unknown-case")

    def test_a_list_goes_on_where_the_page_before_ended(self) -> None:
        numbers = [factory.ask(at=self.now, address="").number for _each in range(5)]
        seen: list[str] = []
        page = self.ok("GET", "/cases?limit=2")
        while True:
            seen += [one["number"] for one in page["items"]]
            factory.ask(at=self.now, address="")  # what comes meanwhile is not shown twice, nor anything left out
            if page["next"] is None:
                break
            page = self.ok("GET", f"/cases?limit=2&after={page['next']}")
        assert seen == numbers[::-1]

    @pytest.mark.asvs("1.5.3")
    def test_a_name_that_stands_twice_is_malformed(self) -> None:
        raw = json.dumps(self.case())[:-1] + ', "target": "another"}'
        assert self.refused("POST", "/cases", raw=raw.encode()) == (400, "malformed")
        assert not Request.objects.exists()

    @pytest.mark.asvs("15.3.3", "15.3.5")
    def test_a_field_that_is_not_the_call_s_and_a_value_of_another_type_are_refused(self) -> None:
        for field, value in (
            ("state", "closed"), ("received_by", "U-1"), ("number", "2026-0000001"), ("identity_method", "office"),
            ("name", 5), ("name", ["Mina"]), ("rights", "access"), ("target", 356900100000014),
            ("received_on", 20261101),
        ):  # fmt: skip
            answer = json.loads(self.call("POST", "/cases", self.case(**{field: value})).content)
            assert answer["status"] == 400 and {one["pointer"] for one in answer["errors"]} == {f"/{field}"}, answer
        assert not Request.objects.exists()

    def test_the_form_s_own_refusals_point_at_the_field(self) -> None:
        for changes, pointer in (
            ({"target": "1"}, "/target"), ({"rights": ["everything"]}, "/rights/0"),
            ({"rights": ["correction"]}, "/item"), ({"answer_by": "letter"}, "/address"),
            ({"requester": "legal-representative"}, "/principal_birth_date"),
            ({"received_on": (clock.today() + timedelta(days=2)).isoformat()}, "/received_on"),
        ):  # fmt: skip
            answer = json.loads(self.call("POST", "/cases", self.case(**changes)).content)
            assert pointer in {error["pointer"] for error in answer["errors"]}, answer
            assert "everything" not in str(answer)
        refused = json.loads(self.call("POST", "/cases", self.case(rights=["correction"], item="x")).content)
        assert "imei" in next(one["message"] for one in refused["errors"] if one["pointer"] == "/item")
        assert not Request.objects.exists()

    def test_whatever_the_desk_can_enter_a_program_can_send(self) -> None:
        # Further corrections are another request; the mark is the Idempotency-Key.
        elsewhere = {f"{name}_{number}" for name in ("item", "wanted") for number in MORE_CORRECTIONS} | {"submission"}
        form, shape = ReceiveForm(on=clock.today()).fields, NewCase.model_json_schema()["properties"]
        assert set(form) - elsewhere == set(NewCase.model_fields)
        for name, taken in shape.items():
            values = taken.get("enum") or taken.get("items", {}).get("enum")
            if values:
                assert set(values) == {code for code, _name in form[name].choices}, name  # type: ignore[attr-defined]
            elif limit := getattr(form[name], "max_length", None):
                assert taken["maxLength"] <= limit, name
        acting = {
            "requester": "legal-representative", "principal": "Ana", "relation": "mother",
            "principal_birth_date": "2015-02-03", "birth_date": "1985-02-03",
        }  # fmt: skip
        number = self.ok("POST", "/cases", self.case(**acting), status=201)["number"]
        opened = self.ok("POST", f"/cases/{number}/openings", {"purpose": "rights", "reason": "to look at it"})
        assert acting.items() - {("requester", "legal-representative")} <= opened["contact"].items()


class PermissionTests(OfficeApiTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.device = factory.make_device(1, at=self.now, agreed=("activation", "service-analytics"))

    def ask(self, question: str, **parts: object) -> tuple[bool, set[str]]:
        body = {"about": str(self.device.subject_id), "question": question, "reason": "a campaign asks", **parts}
        said = self.ok("POST", "/permissions", body)
        return said["allowed"], {one["code"] for one in said["because"]}

    def test_use_follows_purposes_consents_and_freezes(self) -> None:
        analytics = {"category": "service-analytics", "purpose": "analytics"}
        assert self.ask("use", **analytics) == (True, {"declared"})
        assert self.ask("use", category="service-analytics", purpose="error-analysis")[1] == {"purpose-not-declared"}
        assert self.ask("use", category="app-log", purpose="error-analysis") == (False, {"no-consent"})
        factory.ask_correction(at=self.now)
        registration = {"category": "device-registration", "purpose": "registration"}
        assert self.ask("use", **registration) == (False, {"frozen"})
        assert self.ask("use", items=["serial_number"], **registration) == (True, {"declared"})
        assert self.ask("use", category="nothing", purpose="registration")[1] == {"unknown-category"}
        assert self.ask("use", items=["religion"], **registration)[1] == {"unknown-item"}

    def test_disclosure_advertising_and_keeping_are_answered_by_what_decides_them(self) -> None:
        factory.make_third_party()
        parts = {"category": "device-registration", "items": ["imei"], "purpose": "repair"}
        assert self.ask("disclose", recipient="acme", **parts)[0] is False
        assert self.ask("disclose", recipient="nobody", **parts)[1] == {"unknown-recipient"}
        allowed, because = self.ask("advertise", channel="email")
        # From the day on which the use for marketing is asked apart, that is missing as well.
        assert not allowed and because - {"no-marketing-use"} == {"no-consent"}
        assert self.ask("keep", category="device-registration") == (True, {"within-term"})
        factory.make_hold(subject_id=self.device.subject_id, at=self.now)
        assert self.ask("keep", category="device-registration") == (True, {"held"})

    def test_a_reference_and_an_identifier_find_the_device_on_record(self) -> None:
        for about in (self.device.reference, factory.imei(1)):
            assert self.ask("keep", category="device-registration", about=about)[0]
        assert Entry.objects.filter(task="devices.device.searched", actor=self.odile.reference).exists()
        entry = self.assertLedgered("office_api.call.made")
        assert entry.subjects == [str(self.device.subject_id)]
        body = {"about": factory.imei(5), "question": "keep", "category": "app-log", "reason": "a test"}
        assert self.refused("POST", "/permissions", body) == (404, "unknown-person")
        assert not self.assertLedgered("office_api.call.made").subjects
        assert self.refused("POST", "/permissions", {**body, "question": "use"}) == (400, "malformed")

    def test_the_record_of_a_question_names_person_and_question_before_the_answer(self) -> None:
        self.ask("disclose", recipient="acme", category="01012345678", items=["imei"], purpose="repair")
        entry = self.assertLedgered("office_api.call.made")
        assert entry.subjects == [str(self.device.subject_id)] and entry.purpose == "registration"
        for told in ('"question":"disclose"', '"recipient":"acme"', '"asked_purpose":"repair"', "a campaign asks"):
            assert told in entry.payload
        assert "01012345678" not in entry.payload


class RegisterTests(OfficeApiTestCase):
    @pytest.mark.asvs("15.3.1")
    def test_holds_and_freezes_that_stand_are_told_without_words(self) -> None:
        hold = factory.make_hold(at=self.now, reason="the court asked")
        device = factory.make_device(1, at=self.now)
        receipt = factory.ask_correction(at=self.now)
        (told,) = self.ok("GET", "/holds")["items"]
        assert told["reference"] == hold.reference and "court" not in json.dumps(told)
        (frozen,) = self.ok("GET", "/freezes")["items"]
        assert frozen["person"] == str(device.subject_id) and frozen["case"].startswith(receipt.request.reference)
        factory.lift_hold(hold, at=self.now)
        assert self.ok("GET", "/holds")["items"] == []

    def test_a_register_leaves_as_rows_for_a_reason_and_never_with_peoples_words(self) -> None:
        listed = {one["code"]: one for one in self.ok("GET", "/registers")["items"]}
        assert "gateways" in listed
        factory.make_gate()
        period = {"first": "2026-01-01", "last": "2026-12-31", "reason": "a quarterly reconciliation"}
        taken = self.ok("POST", "/registers/gateways/extracts", period)
        assert taken["columns"] == listed["gateways"]["columns"] and any("Gate" in row for row in taken["rows"])
        entry = self.assertLedgered("ledger.register.exported")
        assert '"form":"json"' in entry.payload and "quarterly reconciliation" in entry.payload
        # Each of these was read: no row and no column names anybody, not even who wrote it.
        names_nobody = {"agencies", "gateways", "inventory", "items", "notices", "processors", "third-parties"}
        assert {one.code for one in registers.all_registers() if one.for_programs} == names_nobody
        assert set(listed) <= names_nobody
        assert not any(one.purpose or one.subjects for one in registers.all_registers() if one.for_programs)
        for code in {one.code for one in registers.all_registers()} - names_nobody:
            assert self.refused("POST", f"/registers/{code}/extracts", period)[0] == 403
        assert self.refused("POST", "/registers/nothing/extracts", period) == (404, "unknown-register")
        backwards = {**period, "last": "2025-01-01"}
        assert self.refused("POST", "/registers/gateways/extracts", backwards) == (400, "malformed")

    def test_figures_hold_numbers_alone(self) -> None:
        said = self.ok("GET", "/statistics?first=2026-01-01&last=2026-06-30")
        assert said["sections"] and all(one["figures"] for one in said["sections"])
        assert self.refused("GET", "/statistics?first=2020-01-01&last=2026-06-30")[0] == 400


class DescriptionTests(OfficeApiTestCase):
    def test_it_is_published_and_names_no_act_that_asks_for_a_step_up(self) -> None:
        published = Published(self.client.get(f"{ROOT}/openapi.json").json())
        calls = {
            f"{method.upper()} {path.removeprefix(ROOT)}"
            for path, methods in published.document["paths"].items()
            for method in methods
        }
        assert calls == {
            "GET /cases", "POST /cases", "GET /cases/{number}", "POST /cases/{number}/openings",
            "POST /cases/{number}/messages", "POST /permissions", "GET /holds", "GET /freezes", "GET /registers",
            "POST /registers/{code}/extracts", "GET /statistics",
        }  # fmt: skip
        for method, path in (("PUT", "/holds"), ("DELETE", "/cases/2026-0000000"), ("POST", "/freezes")):
            assert self.refused(method, path)[0] == 405
        assert self.refused("GET", "/nothing")[0] == 404
