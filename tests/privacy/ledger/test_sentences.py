"""An auditor reads who did what, when, whose data it was and why, in a sentence; what is stored stands below."""

from django.urls import reverse

from privacy.ledger import actions as ledger
from privacy.ledger.models import Entry
from tests.base import PortalTestCase
from tests.factories.accounts import NOON, make_aram, make_hana


class SentenceTests(PortalTestCase):
    def setUp(self) -> None:
        self.hana = make_hana()
        self.client.force_login(make_aram())

    def page(self, language: str = "en", **more: object) -> str:
        values = {"task": "devices.device.unmasked", "purpose": "rights", "reason": "case K7-8F3K-92QX"} | more
        ledger.record_read(actor=self.hana, at=NOON, **values)
        entry = Entry.objects.filter(actor=self.hana.ref).order_by("-id")[0]
        self.client.cookies["language"] = language
        address = reverse("admin:ledger_entry_change", args=[entry.pk])
        return self.client.get(address, headers={"accept-language": language}).content.decode()

    def test_it_names_account_act_person_purpose_and_reason(self) -> None:
        page = self.page(subjects=["S-AAAA-0001"])
        sentence = page[page.index('class="sentence"') :][:900]
        for part in ("Hana", "S-AAAA-0001", "case K7-8F3K-92QX"):
            assert part in sentence
        assert page.index('class="sentence"') < page.index("<pre>")

    def test_another_fact_is_another_sentence(self) -> None:
        assert "P7.1" not in self.page(reason="P7.1").partition('class="sentence"')[2].partition("</div>")[0]
        many = self.page(subjects=["S-AAAA-0001", "S-AAAA-0002"], reason="")
        sentence = many[many.index('class="sentence"') :][:900]
        assert "S-AAAA-0001" not in sentence
        assert "2" in sentence
        assert "K7-8F3K-92QX" not in sentence

    def test_what_somebody_wrote_is_no_markup(self) -> None:
        page = self.page(subjects=["S-AAAA-0001"], reason="<b>x</b>" + "w" * 120)
        assert "<b>x</b>" not in page[page.index('class="sentence"') :][:1200]
        assert "&lt;b&gt;x" in page

    def test_the_list_says_who_what_whom_why(self) -> None:
        ledger.record_read(
            actor=self.hana, at=NOON, subjects=["S-AAAA-0001"], task="devices.device.viewed", purpose="rights"
        )
        columns = self.client.get(reverse("admin:ledger_entry_changelist")).context["cl"].list_display
        shown = [getattr(column, "__name__", column) for column in columns]
        assert shown[:6] == ["number", "moment", "account", "what", "handled", "purpose_named"]
