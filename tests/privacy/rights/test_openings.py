"""Who opened my data: every opening is listed, by role and never by name, and what the law keeps secret is not."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from privacy.accounts.actions import access_grants
from privacy.disclosures.models import Disclosure
from privacy.ledger import actions as ledger
from privacy.ledger.actors import ExternalActor, SystemActor
from privacy.ledger.entries.payloads import MAX_SUBJECTS
from privacy.lib.dates import clock
from privacy.rights import opening_views, openings
from privacy.rights.actions import Receipt
from privacy.rights.models import Request
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

NAMES = ("오딜", "Odile", "Hana", "하나")


class OpeningsCase(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_officer()
        self.hana = factory.make_handler()
        self.device = factory.make_device(1)
        self.mina = self.device.subject_id

    def open(self, *people: object, actor: object = None, task: str = "devices.device.viewed", reason: str = "") -> int:
        return ledger.record_read(
            actor=actor or self.hana,  # type: ignore[arg-type]
            at=None,
            subjects=[str(one) for one in people or (self.mina,)],
            task=task,
            purpose="rights",
            reason=reason,
        )

    def told(self) -> list[openings.Opening]:
        return openings.describe(openings.openings_of([self.mina]), Request())

    def enter(self, receipt: Receipt) -> Client:
        answer = self.client.post(reverse("rights:case"), {"number": receipt.number, "code": receipt.code})
        assert answer.status_code == 302
        return self.client

    def page(self, language: str = "", **query: object) -> str:
        return self.client.get(f"{language}/rights/case/opened/", query).content.decode()


@pytest.mark.clause("P1.2")
class ListTests(OpeningsCase):
    def test_it_says_role_purpose_time_and_task_of_each_and_no_name(self) -> None:
        number = self.open()
        one = self.told()[0]
        assert (one.number, one.role, one.purpose, one.task) == (number, "handler", "rights", "devices.device.viewed")
        assert abs(one.at - clock.now()) < timedelta(minutes=1)
        factory.make_verified(receipt := factory.ask(target=factory.imei(1)))
        self.enter(receipt)
        page = self.page()
        assert f'data-entry="{number}"' in page
        assert self.hana.reference in page
        assert not [name for name in (*NAMES, self.hana.name, self.hana.email) if name in page]

    def test_the_role_is_the_one_of_that_day(self) -> None:
        self.open(actor=self.odile)
        assert self.told()[0].role == "officer"
        grant = self.odile.grants.get(role="officer")
        access_grants.revoke(grant=grant, actor=factory.make_omar(), at=clock.now(), why="leaves")
        self.open(actor=self.odile)
        later, before = self.told()[:2]
        assert (later.role, before.role) == ("employee", "officer")
        today = clock.today()
        self.odile.grants.create(
            role="handler", reason="-", asked_by="U-X", approved_by=self.hana, granted_by="U-X",
            granted_at=clock.now(), valid_from=today, valid_until=today,
        )  # fmt: skip
        assert [one.role for one in self.told()[:2]] == ["employee", "officer"], "what she got later that day"

    def test_who_is_none_of_the_staff_is_told_by_what_they_are(self) -> None:
        for actor in (SystemActor("sweep"), ExternalActor("recipient", "T-1"), ExternalActor("gateway", "G-1")):
            self.open(actor=actor)
        assert [one.role for one in self.told()[:3]] == ["gateway", "recipient", "system"]
        assert all(one.account == "" for one in self.told()[:3])

    def test_an_opening_of_more_than_200_people_is_listed(self) -> None:
        number = self.open(*[uuid4() for _ in range(MAX_SUBJECTS)], self.mina)
        assert self.told()[0].number == number

    def test_what_was_opened_of_others_is_not_listed(self) -> None:
        number = self.open(factory.make_device(2).subject_id)
        assert number not in {one.number for one in self.told()}


@pytest.mark.clause("P5.1")
class SecretTests(OpeningsCase):
    def investigated(self) -> Disclosure:
        agency = factory.make_third_party("agency", kind="investigator")
        authority = factory.make_authority(record_class="confirmation", permit_no="2026-77")
        return factory.make_provided(self.device, "model", third_party=agency, authority=authority).disclosure

    @pytest.mark.law("P-12")
    def test_an_investigation_that_the_law_keeps_secret_is_neither_told_nor_counted(self) -> None:
        before = [one.number for one in self.told()]
        reference = self.investigated().reference
        assert openings.secret_openings_of([self.mina]).exists()
        assert [one.number for one in self.told() if one.task.startswith("disclosures.")] == []
        factory.make_verified(receipt := factory.ask(target=factory.imei(1)))
        self.enter(receipt)
        assert reference not in self.page()
        assert set(before) <= {one.number for one in self.told()}

    def test_a_typed_reason_hides_nothing(self) -> None:
        """Who knows the reference of a secret disclosure can't put their own look behind it."""
        reference = self.investigated().reference
        number = self.open(task="devices.device.unmasked", reason=f"disclosure {reference}")
        assert self.told()[0].number == number


class PageTests(OpeningsCase):
    def setUp(self) -> None:
        super().setUp()
        self.receipt = factory.ask(target=factory.imei(1))

    def test_before_the_identity_is_confirmed_nothing_is_shown(self) -> None:
        self.open()
        self.enter(self.receipt)
        assert reverse("rights:openings") not in self.client.get(reverse("rights:case")).content.decode()
        for name, arguments in (("openings", []), ("opening-proofs", []), ("opening-proof", [1])):
            answer = self.client.get(reverse(f"rights:{name}", args=arguments))
            assert answer.status_code in (302, 404)
            assert b"data-entry" not in answer.content

    def test_a_stranger_is_sent_to_the_number_and_code(self) -> None:
        factory.make_verified(self.receipt)
        assert self.client.get(reverse("rights:openings")).headers["Location"] == reverse("rights:case")
        assert self.client.get(reverse("rights:opening-proofs")).status_code == 404

    def test_both_languages(self) -> None:
        factory.make_verified(self.receipt)
        self.enter(self.receipt)
        self.open()
        assert "누가 내 정보를 열람했는지" in self.page() and "개인정보취급자" in self.page()
        assert "Who opened your data" in self.page("/en") and "Handler of personal information" in self.page("/en")

    def test_many_are_shown_page_by_page_each_once(self) -> None:
        factory.make_verified(self.receipt)
        self.enter(self.receipt)
        numbers = [self.open() for _ in range(opening_views.PAGE_SIZE + 5)]
        first = self.page()
        context = self.client.get(reverse("rights:openings")).context
        second = self.page(before=context["earlier"])
        shown = [number for number in numbers if f'data-entry="{number}"' in first]
        assert len(shown) == opening_views.PAGE_SIZE
        assert all((f'data-entry="{number}"' in second) != (number in shown) for number in numbers)
        assert self.page(before="x").count("data-entry=") == opening_views.PAGE_SIZE
        nothing = "귀하의 정보를 열람한 기록이 없습니다"
        assert "이전 열람 기록이 없습니다." in self.page(before="1") and nothing not in self.page(before="1")

    @pytest.mark.asvs("8.2.2")
    def test_only_one_s_own_opening_has_a_proof_for_one(self) -> None:
        factory.make_verified(self.receipt)
        self.enter(self.receipt)
        other = self.open(factory.make_device(2).subject_id)
        assert self.client.get(reverse("rights:opening-proof", args=[other])).status_code == 404


class ShownTests(OpeningsCase):
    def shown(self, number: int) -> bool:
        case = Request(number="2026-000114")
        return openings.may_be_shown(
            openings.openings_of([self.mina]).get(id=number), openings.names_of([self.mina]), case
        )

    def test_an_entry_is_handed_out_word_for_word_if_it_speaks_of_nobody_else(self) -> None:
        other = factory.make_device(2).subject_id
        assert self.shown(self.open())
        assert self.shown(self.open(reason="request 2026-000114"))
        assert self.shown(self.open(*[uuid4() for _ in range(MAX_SUBJECTS)], self.mina)), "it holds a digest"
        assert not self.shown(self.open(self.mina, other)), "it names another"
        assert not self.shown(self.open(reason="called by Mrs Kim")), "a typed reason may speak of anybody"
        assert not self.shown(self.open(reason="수사 협조 요청"))

    def test_the_reasons_that_the_portal_writes_are_known(self) -> None:
        receipt = factory.ask(target=factory.imei(1), answer_by="portal")
        factory.make_verified(receipt)
        said = [json.loads(entry.payload) for entry in openings.openings_of([self.mina])]
        assert {one["reason"] for one in said if one.get("reason")} <= {
            one["reason"] for one in said if openings.OWN_REASON.fullmatch(one.get("reason", ""))
        }
        assert NOON
