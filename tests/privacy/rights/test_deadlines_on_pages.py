"""The request form says how long it keeps what is written; the status page says by when an objection is decided."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.translation import override

from privacy.lib.dates import clock
from privacy.lib.display.badges import date_text
from privacy.policies import actions as policies
from privacy.rights import actions as rights
from privacy.rights.actors import Requester
from privacy.vault.models import EncryptedFile
from tests import factory
from tests.base import PortalTestCase

pytestmark = pytest.mark.truth("claims")


class TargetTests(PortalTestCase):
    @pytest.mark.law("T-04")
    def test_the_office_sees_its_target_beside_a_last_day_that_has_moved(self) -> None:
        """Ten days from Monday, 14 September 2026 end in Chuseok."""
        case = factory.ask(at=factory.at_noon(date(2026, 9, 14))).request
        self.client.force_login(factory.make_officer())
        with override("en"):
            page = self.client.get(reverse("admin:rights_request_change", args=[case.pk])).content.decode()
            target, due = date_text(date(2026, 9, 24)), date_text(date(2026, 9, 28))
        assert (case.target_on, case.due_on) == (date(2026, 9, 24), date(2026, 9, 28))
        assert target in page and due in page


class FormTests(PortalTestCase):
    def test_the_years_on_the_form_are_those_of_the_rulebook(self) -> None:
        form = f"/en{reverse('rights:request').removeprefix('/en')}"
        assert "destroy it 3 years after the case ends" in self.client.get(form).content.decode()
        policies.set_parameter(
            code="rights.records.years",
            value=5,
            effective_on=clock.today(),
            basis="a test",
            actor=factory.make_odile(),
            at=clock.now(),
        )
        assert "destroy it 5 years after the case ends" in self.client.get(form).content.decode()


class ObjectionTests(PortalTestCase):
    def test_the_status_page_says_by_when_another_person_decides(self) -> None:
        factory.make_device(1)
        now = clock.now()
        receipt = factory.ask(target=factory.imei(1), answer_by="portal", at=now - timedelta(days=1))
        case = factory.make_verified(receipt)
        right = rights.refuse(case.rights.get(), ground="life-or-body", actor=factory.make_officer(), at=now)
        made = rights.object_to(right, statement="no", actor=Requester(case.reference), at=now)
        self.client.post(reverse("rights:case"), {"number": case.reference, "code": receipt.code})
        page = self.client.get(f"/en{reverse('rights:case').removeprefix('/en')}").content.decode()
        with override("en"):
            assert f"Someone else decides by {date_text(made.target_on)}." in page


class DocumentTests(PortalTestCase):
    @pytest.mark.law("N-02")
    def test_a_document_stays_for_the_decision_and_goes_when_the_case_is_closed(self) -> None:
        factory.make_device(1)
        now = clock.now()
        receipt = factory.ask(target=factory.imei(1), answer_by="portal", at=now)
        self.client.post(reverse("rights:case"), {"number": receipt.request.reference, "code": receipt.code})
        asked = self.client.get(f"/en{reverse('rights:case').removeprefix('/en')}").content.decode()
        assert "such as the last seven digits of a resident registration number" in asked
        self.client.post(reverse("rights:document"), {"document": SimpleUploadedFile("id.pdf", b"%PDF-1.7 x %%EOF")})
        case = factory.make_verified(receipt)
        odile = factory.make_officer()
        rights.refuse(case.rights.get(), ground="life-or-body", actor=odile, at=now)
        assert EncryptedFile.objects.count() == 1
        rights.close_case(case, actor=odile, at=now)
        assert not EncryptedFile.objects.exists()
