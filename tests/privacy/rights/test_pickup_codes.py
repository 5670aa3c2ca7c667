"""The code of a package goes to the person; the office sees one only where the person has no mailbox and no device."""

import re

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from privacy.jobs.dispatcher import dispatch_due
from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from privacy.rights.models import Package
from privacy.subjects.models import Subject
from tests import factory
from tests.base import PortalTestCase
from tests.factory import NOON
from tests.privacy.disclosures.smtp_server import mailbox

PHONE = "010-1234-5678"
CODE = re.compile(r"^[0-9A-Z]{4}(?:-[0-9A-Z]{2,4})+\r?$", re.MULTILINE)


class Packages(PortalTestCase):
    def setUp(self) -> None:
        self.odile, self.omar, self.hana = factory.make_officer(), factory.make_omar(), factory.make_handler()
        factory.grant_office_categories(self.omar, by=self.odile)
        self.device = factory.make_device(1)
        self.person = Subject.objects.get(id=self.device.subject_id)

    def package(self, **changes: object) -> Package:
        asked = {"target": factory.imei(1), "answer_by": "portal", **changes}
        right = factory.make_granted(factory.ask(RequestedRight("access"), **asked))
        rights.carry_out(right, actor=self.hana, at=NOON)
        return Package.objects.select_related("right__request").get()

    def without_mailbox_and_device(self, **changes: object) -> Package:
        factory.make_contact(self.person, kind="phone", value=PHONE)
        return self.package(target_kind="phone", target=PHONE, contact={"name": "Mina"}, **changes)


@pytest.mark.attack("17.2")
class AMailedCode(Packages):
    def test_reaches_the_person_and_no_page_and_no_entry(self) -> None:
        package = self.package()
        self.client.force_login(self.omar)
        path = reverse("admin:rights_package_change", args=[package.pk])
        pressed = {"CHANGE_FORM-action": "send_code", "_selected_action": str(package.pk), "index": "0"}
        page = self.client.post(path, pressed, follow=True).content.decode()
        with mailbox() as box:
            dispatch_due(at=NOON)
        (mail,) = [one for one in box.arrived if "내려받기 코드" in str(one["Subject"])]
        assert str(mail["To"]) == "mina@example.org"
        body = mail.get_body(("plain",)).get_content()
        found = CODE.search(body)
        assert found is not None, body
        code = found.group().strip()
        assert len(code.replace("-", "")) * 5 >= 128
        assert code not in page
        assert code not in self.assertLedgered("rights.pickup-code.issued").payload
        assert next(rights.download(package, code=code, at=NOON)).startswith(b"PK")

    def test_goes_to_the_address_on_record_not_to_one_that_the_request_names(self) -> None:
        factory.make_contact(self.person, value="owner@example.org")
        package = self.package(contact={"name": "Mina", "email": "stranger@example.org"})
        rights.send_pickup_code(package, actor=self.hana, at=NOON)
        with mailbox() as box:
            dispatch_due(at=NOON)
        assert "owner@example.org" in {str(one["To"]) for one in box.arrived}
        assert "stranger@example.org" not in {
            str(one["To"]) for one in box.arrived if "내려받기 코드" in str(one["Subject"])
        }

    def test_is_drawn_by_nobody_of_the_office(self) -> None:
        with pytest.raises(rights.WrongState):
            rights.draw_pickup_code(self.package(), actor=self.hana, at=NOON)


@pytest.mark.attack("17.2")
class AShownCode(Packages):
    def test_is_refused_where_a_mailbox_is_known(self) -> None:
        with pytest.raises(rights.WrongState):
            rights.issue_pickup_code(self.package(), actor=self.hana, at=NOON)

    def test_is_refused_where_a_device_is_known(self) -> None:
        with pytest.raises(rights.WrongState):
            rights.issue_pickup_code(self.package(contact={"name": "Mina"}), actor=self.hana, at=NOON)

    def test_is_issued_by_someone_other_than_who_decided_or_recorded_the_request(self) -> None:
        package = self.without_mailbox_and_device(actor=self.omar, channel="phone", address="")
        for one in (self.odile, self.omar):
            with pytest.raises(rights.SamePerson):
                rights.issue_pickup_code(package, actor=one, at=NOON)
        code = rights.issue_pickup_code(package, actor=self.hana, at=NOON)
        assert next(rights.download(package, code=code, at=NOON)).startswith(b"PK")

    def test_is_issued_by_someone_else_past_the_verbs(self) -> None:
        package = self.package()
        with (
            pytest.raises(IntegrityError, match="issued by someone other"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(
                "UPDATE rights_package SET code_issued_by = %s WHERE id = %s", [self.odile.reference, package.id]
            )
