"""A disclosure is requested in steps: each asks what matters for its case, and the last says what is missing."""

import re
from html import unescape
from typing import Any

import pytest

from privacy.disclosures.models import Disclosure
from tests import factory
from tests.base import PortalTestCase

ADDRESS = "/en/office/disclosures/disclosure/ask/"


@pytest.mark.clause("P5.1")
class StepsTest(PortalTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.device = factory.make_device(1)
        self.odile = factory.make_odile()
        self.client.force_login(self.odile)
        self.page = self.client.get(ADDRESS).content.decode()

    def send(self, go: str = "", **typed: Any) -> int:
        """Send the page as a browser without script does: what it carries unseen, what is typed, and the button."""
        kept: dict[str, Any] = {}
        for tag in re.findall(r'<input type="hidden"[^>]*>', self.page):
            name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
            if name:
                kept.setdefault(name[1], []).append(unescape(value[1]) if value else "")
        answer = self.client.post(ADDRESS, {**kept, **typed, **({"go": go} if go else {})})
        self.page = answer.content.decode()
        return answer.status_code

    def asked(self) -> set[str]:
        """The fields that the page shows."""
        seen = re.findall(r"<(?:input|select|textarea)(?! type=\"hidden\")[^>]* name=\"([a-z_]+)\"", self.page)
        return set(seen) - {"q", "go"}

    def choose(self, **party: Any) -> None:
        basis = party.pop("basis", "law")
        self.send("ground", third_party=str(factory.make_third_party(**party).pk), basis=basis)

    def test_each_step_asks_what_matters_for_the_recipient_and_the_basis(self) -> None:
        assert self.asked() == {"third_party", "basis"}
        self.choose(kind="investigator", code="police")
        assert {"statute", "official", "record_class"} <= self.asked()
        assert "purpose_code" not in self.asked()
        self.send("parties")
        self.choose(kind="maker", code="maker", basis="consent")
        assert self.asked() == {"purpose_code"}
        self.send("content", purpose_code="registration")
        assert self.asked() == {"purpose", "records", "items", "period"}

    def test_a_step_that_is_not_filled_in_is_not_left_forwards_and_is_left_backwards(self) -> None:
        self.choose()
        self.send("content", statute="", document_no="2026-1", restrictions="")
        assert {"statute", "document_no"} <= self.asked()
        assert 'value="2026-1"' in self.page
        assert "There is a problem" in self.page
        self.send("parties", document_no="2026-1")
        assert self.asked() == {"third_party", "basis"}
        assert "There is a problem" not in self.page

    def test_all_steps_one_after_the_other_request_what_was_typed(self) -> None:
        self.choose()
        self.send("content", statute="Act 83(3)", document_no="2026-1", restrictions="for the repair <alone>")
        items = ["device-registration/imei", "device-registration/model"]
        self.send("summary", purpose="repair", records=self.device.reference, items=items)
        assert "Still missing" not in self.page
        assert "for the repair &lt;alone&gt;" in self.page
        assert self.send() == 302
        made = Disclosure.objects.get()
        assert (made.statute, made.restrictions, made.purpose) == ("Act 83(3)", "for the repair <alone>", "repair")
        assert sorted(made.disclosed.values_list("item", flat=True)) == ["imei", "model"]

    def test_what_no_longer_matters_is_left_behind(self) -> None:
        self.choose()
        self.send("content", statute="Act 83(3)", document_no="2026-1", restrictions="none")
        self.send("parties")
        self.choose(basis="consent")
        self.send("content", purpose_code="registration")
        self.send("summary", purpose="repair", records=self.device.reference, items=["device-registration/model"])
        assert "Act 83(3)" not in self.page

    def test_the_last_step_says_what_is_missing_and_leads_back_to_what_is_refused(self) -> None:
        self.send("content", at="parties")
        assert self.asked() == {"third_party", "basis"}, "nothing was chosen"
        self.choose()
        self.send("summary", at="summary", statute="Act 83(3)", document_no="2026-1")
        missing = self.page[self.page.index("Still missing") :].split("</ul>")[0]
        assert [word in missing for word in ("Purpose of the disclosure", "Whose data", "Statute")] == [
            True,
            True,
            False,
        ]
        assert self.send() == 200
        assert "restrictions" in self.asked() or "records" in self.asked()
        assert not Disclosure.objects.exists()

    def missing(self) -> str:
        return self.page[self.page.index("Still missing") :].split("</ul>")[0] if "Still missing" in self.page else ""

    def test_communication_confirmation_data_needs_the_number_of_its_permission(self) -> None:
        self.choose(kind="investigator", code="police")
        said = {
            "statute": "Act 13", "document_no": "2026-1", "restrictions": "none", "official": "Inspector",
            "reason": "x", "relation": "x", "extent": "x", "record_class": "confirmation",
        }  # fmt: skip
        self.send("content", **said)
        assert "permit_no" in self.asked() and "There is a problem" in self.page, "the step is not filled in"
        content = {"purpose": "inquiry", "records": self.device.reference, "items": ["device-registration/model"]}
        self.send("summary", at="summary", **said, **content)
        assert "Warrant or permission number" in self.missing()
        self.send("summary", **{**said, "permit_no": "2026-7"}, **content)
        assert self.missing() == ""
        self.send("summary", **{**said, "record_class": "other"}, **content)
        assert "Warrant or permission number" not in self.missing()

    def test_an_imei_needs_its_ground_where_the_recipient_may_not_have_it(self) -> None:
        self.choose(kind="customer", code="customer")
        self.send("content", statute="Act 83(3)", document_no="2026-1", restrictions="none")
        content = {"purpose": "repair", "records": self.device.reference, "items": ["device-registration/imei"]}
        self.send("summary", **content)
        assert "terminal_number_ground" in self.asked() and "There is a problem" in self.page
        self.send("summary", at="summary", **content)
        assert "ground for providing a terminal unique number" in self.missing()
        self.send("summary", **content, terminal_number_ground="warrant 2026-1")
        assert self.missing() == ""
        assert self.send() == 302

    def test_a_form_that_comes_whole_is_sent_as_it_is_and_its_refusal_stands_where_it_belongs(self) -> None:
        whole = {
            "third_party": str(factory.make_third_party().pk), "basis": "law", "statute": "", "document_no": "1",
            "purpose": "repair", "records": self.device.reference, "items": ["device-registration/model"],
            "restrictions": "none",
        }  # fmt: skip
        assert self.send(**whole) == 200
        assert "statute" in self.asked() and "must name the statute" in self.page
        assert self.send(statute="Act 83(3)", document_no="1", restrictions="none") == 302

    def problems(self) -> str:
        return self.page.split('class="error-summary"')[1].split("</ul>")[0] if "error-summary" in self.page else ""

    def test_what_is_refused_of_a_field_that_no_step_shows_is_named_over_all_fields(self) -> None:
        factory.name_recipient("acme", items=["model"], purposes=["repair"])
        factory.agree(self.device, "provision-acme")
        whole = {
            "third_party": str(factory.make_third_party().pk), "basis": "consent", "purpose_code": "not a code",
            "purpose": "repair", "records": self.device.reference, "items": ["device-registration/model"],
            "document_due_on": "soon",
        }  # fmt: skip
        assert self.send(**whole) == 200
        assert self.asked() == {"purpose_code"}, "the step of the first field that matters"
        assert "Document due: " in self.problems() and "Purpose in the agreement: " in self.problems()
        assert self.send(**{**whole, "purpose_code": "repair"}) == 200
        assert self.asked() == set(), "nothing else was refused: the last step, which leaves it behind"
        assert "Document due: " in self.problems()
        assert self.send() == 302
        assert Disclosure.objects.get().document_due_on is None

    def test_an_agency_s_words_for_somebody_else_are_refused_by_name(self) -> None:
        whole = {
            "third_party": str(factory.make_third_party().pk), "basis": "law", "statute": "Act 83(3)",
            "document_no": "1", "restrictions": "none", "purpose": "repair", "records": self.device.reference,
            "items": ["device-registration/model"], "record_class": "confirmation",
        }  # fmt: skip
        assert self.send(**whole) == 200
        assert "Kind of material: " in self.problems()
        assert not Disclosure.objects.exists()
        assert self.send() == 302
        assert Disclosure.objects.get().record_class == ""
