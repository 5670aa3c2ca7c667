"""A breach of the office's own files is described and told like any other: by the register of holdings (B-02, B-03)."""

import pytest
from django.urls import reverse
from django.utils.translation import override

from privacy.campaigns import letters
from privacy.campaigns.models import Campaign
from privacy.incidents import actions as incidents
from privacy.incidents import breach_scope, notice_texts
from privacy.incidents.admin.forms import AffectedForm, DescribeForm
from privacy.incidents.models import AffectedPerson, Incident
from privacy.incidents.refusals import NobodyFound
from privacy.jobs.dispatcher import dispatch_due
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.subjects import holdings
from privacy.vault import actions as vault
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON, grant_pairs
from tests.pdf_text import text_of
from tests.privacy.disclosures.smtp_server import mailbox

TODAY = clock.kst_date(NOON)


@pytest.mark.truth("35")
class OfficeFilesTests(PortalTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.enterContext(override("en"))
        self.odile, self.emin = factory.make_odile(), factory.make_emin()
        given = {"email": "complainant@example.org"}
        self.complaint = incidents.file_complaint(explanation="zebra", contact=given, language="en", at=NOON).complaint
        self.case = factory.ask(contact={"email": "requester@example.org"}).request

    def affected(self, incident: Incident) -> set[object]:
        return set(incident.affected.values_list("subject_id", flat=True))

    def tell(self, incident: Incident) -> dict[str, str]:
        incidents.notify_subjects(incident, actor=self.odile, at=NOON)
        with mailbox() as box:
            dispatch_due(at=NOON)
        return {str(mail["To"]): mail.get_content() for mail in box.arrived if incident.title not in str(mail["To"])}

    def test_every_holding_can_be_named_and_no_name_is_a_code(self) -> None:
        offered = dict(breach_scope.item_choices(TODAY))
        for holding in holdings.all_holdings():
            for item in holding.items:
                assert item in offered or f"{holding.category}.{item}" in offered, (holding.label, item)
            if not holding.items and holding.scope:
                assert holding.category in offered, holding.label
        for label, held in holdings.staff_holdings().items():
            assert {f"{label}.{field}" for field in held.items} <= set(offered)
        for language in ("ko", "en"):
            with override(language):
                for code, name in breach_scope.item_choices(TODAY):
                    assert code not in (name, name.rpartition(": ")[2]), (language, code, name)

    def test_a_holding_that_is_declared_later_is_offered_too(self) -> None:
        holdings.declare_staff("accounts.accessrequest", items=("reason",), why="x", kept="x")
        try:
            assert "accounts.accessrequest.reason" in dict(breach_scope.item_choices(TODAY))
            assert "accounts.accessrequest" in dict(breach_scope.holding_choices(TODAY))
        finally:
            holdings._staff_holdings.pop("accounts.accessrequest")

    def test_complainants_and_requesters_are_found_and_told_by_the_addresses_they_gave(self) -> None:
        incident = factory.make_known_incident(items=["complaint.explanation", "rights-request.contact"])
        incident = incidents.describe_incident(
            incident, items=["complaint.explanation", "rights-request.contact"], actor=self.odile, at=NOON
        )
        for held in ("complaint", "rights-request"):
            incidents.add_from_holdings(incident, held=held, actor=self.odile, at=NOON)
        assert self.affected(incident) == {self.complaint.id, self.case.id}
        told = self.tell(incident)
        assert {"complainant@example.org", "requester@example.org"} <= set(told)
        assert "what complainants wrote: explanation" in told["complainant@example.org"], "in the complaint's language"
        addressed = Entry.objects.filter(
            task="incidents.complainant.addressed", subjects__contains=[str(self.complaint.id)]
        )
        assert addressed.exists(), "opening the address is on record"

    @pytest.mark.truth("letters-to-others")
    def test_letters_go_to_requesters_and_complainants_who_gave_a_postal_address(self) -> None:
        given = {"name": "Zoe", "address": "12 Harbour Road, Incheon"}
        complaint = incidents.file_complaint(explanation="z", contact=given, language="en", at=NOON).complaint
        case = factory.ask(
            contact={"name": "Mina", "address": "34 Hill Street, Busan"}, answer_by="letter", language="en"
        ).request
        incident = factory.make_known_incident(items=["complaint.explanation", "rights-request.contact"])
        for held in ("complaint", "rights-request"):
            incidents.add_from_holdings(incident, held=held, actor=self.odile, at=NOON)
        self.tell(incident)
        campaign = Campaign.objects.get()
        grant_pairs(
            self.odile,
            [(name, "legal-duty") for name in ("rights-request", "complaint")],
            by=factory.make_omar(), on=TODAY,
        )  # fmt: skip
        assert letters.count_next_letters(campaign, at=NOON) == 2
        text = text_of(letters.print_letters(campaign, reason="told by letter", actor=self.odile, at=NOON))
        assert "12HarbourRoad" in text, "the reader of the PDF drops the spaces"
        assert "34HillStreet" in text
        vault.shred_subject(
            subject_id=complaint.id, categories=None, cause="retention", certificate="x", actor=self.odile, at=NOON
        )
        left = letters.print_letters(campaign, reason="told by letter", actor=self.odile, at=NOON)
        assert "34HillStreet" in text_of(left), "whose data is being destroyed keeps nobody from being told"
        for one, task in (
            (complaint.id, "incidents.complainant.addressed"),
            (case.id, "rights.requester.addressed"),
        ):
            assert Entry.objects.naming(one).filter(task=task, actor=self.odile.reference).exists()

    def test_employees_are_found_and_told(self) -> None:
        factory.make_pledge(self.emin)
        unpledged = factory.make_user("new@extrus.example", "New", fit=False)
        incident = factory.make_known_incident()
        incidents.add_from_holdings(incident, held="workforce.pledge", actor=self.odile, at=NOON)
        assert self.emin.id in self.affected(incident)
        assert unpledged.id not in self.affected(incident)
        assert self.emin.email in self.tell(incident)
        incidents.add_from_holdings(incident, held="accounts.user", actor=self.odile, at=NOON)
        assert self.odile.id in self.affected(incident)

    def test_each_kind_is_named_by_its_own_reference(self) -> None:
        incident = factory.make_incident()
        lines = [self.complaint.reference.lower(), self.case.number, self.emin.reference, "Q-0000-0000"]
        added = incidents.add_named(incident, lines=lines, source=AffectedPerson.Source.LIST, actor=self.odile, at=NOON)
        assert (added.people, added.unknown) == (3, ("Q-0000-0000",))

    def test_a_document_names_nobody_by_its_row(self) -> None:
        factory.make_sealed_file()
        incident = factory.make_incident()
        with pytest.raises(NobodyFound):
            incidents.add_from_holdings(incident, held="disclosure-request", actor=self.odile, at=NOON)
        assert "disclosure-request" not in dict(breach_scope.holding_choices(TODAY))

    def test_the_forms_offer_them_and_keep_an_item_of_an_earlier_policy(self) -> None:
        today = {"on": TODAY}
        affect = type("Affect", (AffectedForm,), today)()
        assert {"complaint", "rights-request", "contact", "workforce", "accounts.user"} <= dict(
            affect.fields["held"].choices
        ).keys()
        kept = type("Describe", (DescribeForm,), {**today, "kept": ["once-held"]})()
        assert "once-held" in dict(kept.fields["items"].choices)

    def test_the_page_and_its_button_say_them_by_name(self) -> None:
        incident = factory.make_incident()
        incidents.describe_incident(incident, items=["complaint.contact"], actor=self.odile, at=NOON)
        self.client.force_login(self.odile)
        address = reverse("admin:incidents_incident_change", args=[incident.pk])
        said = notice_texts.item_names(Incident.objects.get(), TODAY)
        assert said == "what complainants wrote: contact"
        assert said in self.client.get(address).content.decode()
        pressed = {"CHANGE_FORM-action": "add_affected", "_selected_action": str(incident.pk), "index": "0"}
        self.client.post(address, {**pressed, "confirmed": "yes", "held": "complaint"})
        assert self.affected(incident) == {self.complaint.id}
