"""The code of a package goes to the person; the office sees one only where the person has no mailbox and no device."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import override_settings
from django.urls import reverse

from config.demonstration.text_provider import Taken, TextProvider
from devices import actions as devices
from devices.models import Device
from privacy.jobs.dispatcher import dispatch_due
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.actors import ExternalActor
from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.models import Entry
from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from privacy.rights.actions.pickup_codes import mailbox as package_mailbox
from privacy.rights.events import Event
from privacy.rights.models import Package, Right
from privacy.subjects import actions as subjects
from privacy.subjects.models import Contact, Subject
from tests import factory
from tests.base import PortalTestCase
from tests.factory import NOON
from tests.privacy.disclosures.smtp_server import mailbox

PHONE, NOT_TAKEN = "010-1234-5678", "010-1234-9999"
LONG_AGO = NOON - timedelta(days=30)
IN_TEXT = re.compile(r"[0-9A-Z]{1,4}(?:-[0-9A-Z]{1,4}){5,}")
CLOSED = {
    "default": {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {"host": "127.0.0.1", "port": 1, "timeout": 1},
    }
}
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
        package = self.package()
        with pytest.raises(rights.WrongState):
            rights.keep_sent_code(package, rights.new_code(at=NOON), {}, actor=self.hana, at=NOON)

    def test_goes_to_what_a_colleague_wrote_down_only_when_somebody_else_sends_it(self) -> None:
        """The address or number in a request that the office recorded may be the recorder's own."""
        package = self.package(channel="phone", address="", actor=self.omar)
        with pytest.raises(rights.SamePerson):
            rights.send_pickup_code(package, actor=self.omar, at=NOON)
        rights.send_pickup_code(package, actor=self.hana, at=NOON)
        asked = self.assertLedgered("rights.pickup-code.asked", package.right.request)
        assert facts_in(asked.payload)["address"] == "request"

    def test_goes_to_what_a_colleague_put_on_record_only_when_somebody_else_sends_it(self) -> None:
        mine = {"value": "omar@example.org", "source": "office", "document": "call 7", "actor": self.omar}
        contact = subjects.record_contact(self.person, kind="email", at=LONG_AGO, **mine)
        Contact.objects.filter(id=contact.id).update(verified_at=LONG_AGO)
        package = self.package()
        with pytest.raises(rights.SamePerson):
            rights.send_pickup_code(package, actor=self.omar, at=NOON)
        rights.send_pickup_code(package, actor=self.hana, at=NOON)
        asked = self.assertLedgered("rights.pickup-code.asked", package.right.request)
        assert facts_in(asked.payload)["address"] == "record"
        with mailbox() as box:
            dispatch_due(at=NOON)
        assert "omar@example.org" in {str(one["To"]) for one in box.arrived if "내려받기 코드" in str(one["Subject"])}

    def corrected(self, **changes: object) -> None:
        """Another mailbox, put on record long ago by a correction that somebody asked for, and proven."""
        factory.make_contact(self.person, value="owner@example.org", at=LONG_AGO)
        asked = RequestedRight("correction", category="contact", item="email", wanted="omar@example.org")
        right = factory.make_granted(factory.ask(asked, target=factory.imei(1), at=LONG_AGO, **changes), at=LONG_AGO)
        rights.carry_out(right, actor=self.hana, at=LONG_AGO)
        Contact.objects.current().update(verified_at=LONG_AGO)

    def test_goes_to_what_a_colleague_wrote_down_to_be_corrected_only_when_somebody_else_sends_it(self) -> None:
        self.corrected(channel="phone", address="", actor=self.omar)
        self.goes_out_only_by_another()

    def test_goes_to_what_a_correction_of_a_case_that_is_gone_wrote_when_who_did_neither_sends_it(self) -> None:
        self.corrected()
        Right.objects.filter(kind="correction").update(item="phone")
        package = self.package()
        for one in (self.odile, self.hana):
            with pytest.raises(rights.SamePerson):
                rights.send_pickup_code(package, actor=one, at=NOON)
        rights.send_pickup_code(package, actor=self.omar, at=NOON)

    def test_goes_to_what_the_person_had_corrected_whoever_sends_it_who_did_not_write_it_again(self) -> None:
        self.corrected()
        package = self.package()
        case = Right.objects.get(kind="correction").request
        case.steps.create(word=Event.WORDS_WRITTEN, at=LONG_AGO, by=self.omar.ref)
        with pytest.raises(rights.SamePerson):
            rights.send_pickup_code(package, actor=self.omar, at=NOON)
        rights.send_pickup_code(package, actor=self.hana, at=NOON)

    def once_recorded(self, value: str = "omar@example.org", *, proven: bool = True) -> None:
        """A mailbox that Omar put on record long ago, and that ended; of one that nobody proved no row is kept."""
        mine = {"source": "office", "document": "call 7", "actor": self.omar}
        contact = subjects.record_contact(self.person, kind="email", value=value, at=LONG_AGO, **mine)
        Contact.objects.filter(id=contact.id, verified_at=None).update(verified_at=LONG_AGO if proven else None)
        subjects.end_contact(contact, actor=self.odile, at=LONG_AGO)

    def sent_by_gateway(self, value: str = "omar@example.org", *, at: datetime = LONG_AGO) -> None:
        gate = factory.make_gate()
        subjects.record_contact(self.person, kind="email", value=value, source="gateway", actor=gate, at=at)
        Contact.objects.current().update(verified_at=at)

    def goes_out_only_by_another(self) -> None:
        package = self.package()
        with pytest.raises(rights.SamePerson):
            rights.send_pickup_code(package, actor=self.omar, at=NOON)
        rights.send_pickup_code(package, actor=self.hana, at=NOON)
        with mailbox() as box:
            dispatch_due(at=NOON)
        assert "omar@example.org" in {str(one["To"]) for one in box.arrived if "내려받기 코드" in str(one["Subject"])}

    def test_goes_to_what_a_colleague_once_put_on_record_only_when_somebody_else_sends_it(self) -> None:
        """Also after it ended and a gateway brought it again."""
        self.once_recorded()
        self.sent_by_gateway()
        assert Contact.objects.count() == 2
        self.goes_out_only_by_another()

    def test_goes_to_what_a_colleague_once_put_on_record_also_where_its_row_is_gone(self) -> None:
        """Nobody can say then that it was another mailbox."""
        self.once_recorded(proven=False)
        assert subjects.remove_ended_contacts(actor=self.odile, at=NOON - timedelta(days=20)) == 1
        self.sent_by_gateway(at=NOON - timedelta(days=20))
        self.goes_out_only_by_another()

    def test_goes_to_what_a_colleague_once_had_corrected_only_when_somebody_else_sends_it(self) -> None:
        self.corrected(channel="phone", address="", actor=self.omar)
        subjects.end_contact(Contact.objects.current().get(), actor=self.odile, at=LONG_AGO)
        self.sent_by_gateway()
        self.goes_out_only_by_another()

    def test_goes_to_another_mailbox_than_a_colleague_put_on_record_whoever_sends_it(self) -> None:
        self.once_recorded("mima@example.org")
        self.sent_by_gateway("mina@example.org")
        package = self.package()
        rights.send_pickup_code(package, actor=self.omar, at=NOON)
        with mailbox() as box:
            dispatch_due(at=NOON)
        assert "mina@example.org" in {str(one["To"]) for one in box.arrived if "내려받기 코드" in str(one["Subject"])}

    def test_that_no_mail_server_takes_leaves_what_opened_the_package(self) -> None:
        package = self.package()
        code = factory.pickup_code(package)
        rights.send_pickup_code(package, actor=self.hana, at=NOON)
        with override_settings(MAILERS=CLOSED):
            dispatch_due(at=NOON)
        assert next(rights.download(package, code=code, at=NOON)).startswith(b"PK")


@pytest.mark.attack("17.2")
class AShownCode(Packages):
    def test_is_refused_where_a_mailbox_is_known(self) -> None:
        with pytest.raises(rights.WrongState):
            rights.issue_pickup_code(self.package(), actor=self.hana, at=NOON)

    def test_is_refused_where_a_device_is_known(self) -> None:
        with pytest.raises(rights.WrongState):
            rights.issue_pickup_code(self.package(contact={"name": "Mina"}), actor=self.hana, at=NOON)

    @pytest.mark.asvs("6.6.1")
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


@pytest.mark.attack("17.2")
class ATextedCode(Packages):
    @pytest.fixture(autouse=True)
    def provider(self) -> Iterator[None]:
        with TextProvider() as box, override_settings(TEXT_MESSAGES_URL=box.url, TEXT_MESSAGES_FROM="02-6928-6774"):
            self.box = box
            yield

    def setUp(self) -> None:
        """A person who has given her device back: one that is in use confirms, and a number alone gets nothing."""
        super().setUp()
        devices.end_service(
            device_id=self.device.id, ended_on=NOON.date(), gateway=factory.make_gate(), at=NOON
        )  # fmt: skip

    def of_number(self, number: str = PHONE, **changes: object) -> Package:
        """The copy for a person whom we know by a number alone, which she proved long ago."""
        factory.make_contact(self.person, kind="phone", value=number, at=LONG_AGO)
        return self.package(target_kind="phone", target=number, contact={"name": "Mina"}, **changes)

    def sent(self, package: Package) -> list[Taken]:
        """The text messages with a code that follow when an officer has one sent."""
        rights.send_pickup_code(package, actor=self.hana, at=NOON)
        return self.texts()

    def texts(self, *, at: datetime = NOON) -> list[Taken]:
        for _round in range(2):
            dispatch_due(at=at)
        return [one for one in self.box.taken if IN_TEXT.search(one.text)]

    def refused(self, package: Package) -> None:
        with pytest.raises(rights.WrongState):
            rights.send_pickup_code(package, actor=self.hana, at=NOON)

    def test_reaches_a_number_that_has_waited_and_no_page_and_no_entry(self) -> None:
        package = self.of_number()
        (text,) = self.sent(package)
        assert text.to == "01012345678"
        assert package.right.request.number in text.text
        found = IN_TEXT.search(text.text)
        assert found is not None
        issued = self.assertLedgered("rights.pickup-code.issued")
        assert facts_in(issued.payload)["template"].startswith("rights.pickup-code-text built-in ")
        assert found[0] not in str(list(Entry.objects.values_list("payload", flat=True)))
        assert next(rights.download(package, code=found[0], at=NOON)).startswith(b"PK")

    @pytest.mark.asvs("6.6.1")
    def test_goes_to_no_number_that_is_new_or_that_nobody_proved(self) -> None:
        number = factory.make_contact(self.person, kind="phone", value=PHONE, at=NOON - timedelta(hours=1))
        package = self.package(target_kind="phone", target=PHONE, contact={"name": "Mina"})
        self.refused(package)
        number.recorded_at, number.verified_at = LONG_AGO, None
        number.save(update_fields=["recorded_at", "verified_at"])
        self.refused(package)

    def test_is_no_way_around_the_wait_of_an_address_that_ended(self) -> None:
        """Whoever has the consent code adds a number and ends the address: neither gets a code for a while."""
        address = factory.make_contact(self.person, at=LONG_AGO)
        package = self.of_number()
        me = ExternalActor("subject", self.person.reference)
        subjects.end_contact(address, actor=me, at=NOON - timedelta(hours=1))
        self.refused(package)

    def test_is_no_way_around_a_mailbox_that_a_stranger_disputes(self) -> None:
        """Anybody can ask for a correction: that turns no code from the mailbox to whoever holds the number now."""
        factory.make_contact(self.person, at=LONG_AGO)
        package = self.of_number()
        asked = RequestedRight("correction", category="contact", item="email", wanted="x@example.org")
        assert not factory.ask(asked, target=factory.imei(1)).request.is_verified
        assert package_mailbox(package.right.request, actor=self.hana, at=NOON) == ""
        self.refused(package)

    def test_is_no_way_around_a_device_in_use(self) -> None:
        factory.make_contact(self.person, kind="phone", value=PHONE, at=LONG_AGO)
        Device.objects.filter(id=self.device.id).update(service_ended_on=None)
        self.refused(self.package(target_kind="phone", target=PHONE, contact={"name": "Mina"}))

    def test_goes_to_a_number_that_a_colleague_wrote_down_only_when_somebody_else_sends_it(self) -> None:
        number, late = factory.make_contact(self.person, kind="phone", value=PHONE), NOON + timedelta(hours=75)
        Contact.objects.filter(id=number.id).update(ended_at=LONG_AGO, is_preferred=False)
        given = {"name": "Mina", "phone": "010-7777-6666"}
        package = self.package(
            target_kind="phone", target=PHONE, contact=given, actor=self.omar, channel="phone", address=""
        )
        with pytest.raises(rights.SamePerson):
            rights.send_pickup_code(package, actor=self.omar, at=late)
        rights.send_pickup_code(package, actor=self.hana, at=late)
        GeneralOutbox.objects.update(not_before=NOON)
        (text,) = self.texts(at=late)
        assert text.to == "01077776666"

    def test_goes_to_no_number_of_the_request_where_another_way_is_on_record(self) -> None:
        factory.make_contact(self.person, value="mina@example.org", is_verified=False, at=LONG_AGO)
        target = {"target_kind": "email", "target": "mina@example.org"}
        self.refused(self.package(**target, contact={"name": "Mina", "phone": "010-9876-5432"}))

    def test_never_takes_the_place_of_one_that_a_colleague_told_since(self) -> None:
        package = self.of_number()
        rights.send_pickup_code(package, actor=self.hana, at=NOON)
        code = rights.issue_pickup_code(package, actor=self.hana, at=NOON + timedelta(minutes=5))
        assert self.texts() == []
        assert next(rights.download(package, code=code, at=NOON + timedelta(minutes=6))).startswith(b"PK")

    def test_asked_for_after_a_colleague_told_one_goes_out_though_an_answer_moves_the_days(self) -> None:
        package = self.of_number()
        rights.issue_pickup_code(package, actor=self.hana, at=NOON - timedelta(hours=2))
        rights.send_pickup_code(package, actor=self.hana, at=NOON)
        Package.objects.update(expires_at=NOON + timedelta(days=9))
        assert self.texts()

    def test_that_no_provider_takes_leaves_what_a_colleague_told_and_is_said_when_given_up(self) -> None:
        package = self.of_number()
        code = rights.issue_pickup_code(package, actor=self.hana, at=NOON)
        ends_at = Package.objects.get().expires_at
        rights.send_pickup_code(package, actor=self.hana, at=NOON)
        with override_settings(TEXT_MESSAGES_URL="http://:x@127.0.0.1:1"):
            for failing_since in (None, LONG_AGO):
                GeneralOutbox.objects.waiting().update(not_before=NOON, failing_since=failing_since)
                dispatch_due(at=NOON)
        told = self.assertLedgered("rights.pickup-code.not-taken", package.right.request)
        assert facts_in(told.payload)["channel"] == "text"
        assert Entry.objects.filter(word="rights.pickup-code.issued").count() == 1
        assert Package.objects.get().expires_at == ends_at
        assert next(rights.download(package, code=code, at=NOON)).startswith(b"PK")

    def test_that_the_provider_refuses_is_said_on_the_case_and_not_tried_again(self) -> None:
        package = self.of_number(NOT_TAKEN)
        assert self.sent(package) == []
        self.assertLedgered("rights.pickup-code.not-taken", package.right.request)
        assert not GeneralOutbox.objects.waiting().filter(kind="rights.pickup-code-text").exists()
