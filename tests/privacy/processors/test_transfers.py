"""Transfers abroad: a basis of the Act, all its items, and the consignment they are for (P-15; PIPA art. 28-8)."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils.translation import override

from privacy.ledger.authorization import NotPermitted
from privacy.processors import actions as processors
from privacy.processors.models import OverseasTransfer
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

TODAY = date(2026, 11, 24)
DAY = timedelta(days=1)
ASKED = (
    "recipient_ko", "contact", "country_ko", "basis_detail", "purpose_ko", "kept_ko", "way_ko", "refusal_ko", "safety",
    "disputes",
)  # fmt: skip


class TransferTest(PortalTestCase):
    @pytest.mark.law("P-15")
    def test_it_has_each_item_that_the_act_asks_for(self) -> None:
        for name in ASKED:
            with pytest.raises(processors.Incomplete) as refused:
                factory.make_overseas_transfer(**{name: " "})
            assert refused.value.pointer == f"/{name}"
        for wrong in ({"items": []}, {"country": "KR"}, {"country": "Germany"}):
            with pytest.raises(processors.Incomplete):
                factory.make_overseas_transfer(**wrong)
        self.assertLedgered("processors.transfer.registered", factory.make_overseas_transfer())
        with pytest.raises(processors.DuplicateCode):
            factory.make_overseas_transfer()

    @pytest.mark.law("P-15")
    def test_the_bases_are_those_of_the_act(self) -> None:
        with override("en"):
            cited = [label.partition("(PIPA art. 28-8(1)")[2] for label in map(str, OverseasTransfer.Basis.labels)]
        assert cited == ["1)", "2)", "3(a))", "3(b))", "4)", "5)"]

    @pytest.mark.law("P-15")
    def test_for_a_contract_it_names_its_consignment(self) -> None:
        for basis in ("published", "told"):
            with pytest.raises(processors.Incomplete):
                factory.make_overseas_transfer(basis=basis)
        row = factory.make_overseas_transfer(basis="published", consignment=factory.make_consignment(country="DE"))
        with pytest.raises(IntegrityError, match="names_its_consignment"), transaction.atomic():
            OverseasTransfer.objects.filter(pk=row.pk).update(consignment=None)

    @pytest.mark.law("P-15")
    def test_one_to_a_sub_processor_names_whom_it_engaged_and_where(self) -> None:
        row, other = factory.make_consignment(), factory.make_consignment("other")
        engaged = factory.make_subprocessor(row, country="DE")
        for wrong in ({"consignment": other}, {"country": "US"}):
            with pytest.raises(processors.Incomplete) as refused:
                factory.make_overseas_transfer(basis="published", subprocessor=engaged, **wrong)
            assert refused.value.pointer == "/subprocessor"
        made = factory.make_overseas_transfer(basis="published", subprocessor=engaged)
        assert (made.consignment, made.subprocessor) == (row, engaged)
        with pytest.raises(IntegrityError, match="names_who_engaged"), transaction.atomic():
            OverseasTransfer.objects.filter(pk=made.pk).update(consignment=None, basis="adequate")

    @pytest.mark.law("P-15")
    def test_by_consent_it_names_an_agreement_whose_text_is_published(self) -> None:
        with pytest.raises(processors.Incomplete):
            factory.make_overseas_transfer(basis="consent", basis_detail="none-such")
        factory.make_third_party("acme")
        agreement = factory.make_provision_agreement("acme").agreement.code
        assert factory.make_overseas_transfer(basis="consent", basis_detail=agreement).basis == "consent"

    @pytest.mark.law("P-15")
    def test_it_ends_with_its_last_day(self) -> None:
        row = factory.make_overseas_transfer()
        with pytest.raises(NotPermitted):
            processors.end_transfer(row, ended_on=TODAY, reason="x", actor=factory.make_hana(), at=NOON)
        for wrong in (TODAY - DAY, TODAY + DAY):
            with pytest.raises(processors.Incomplete):
                processors.end_transfer(row, ended_on=wrong, reason="x", actor=factory.make_odile(), at=NOON)
        processors.end_transfer(row, ended_on=TODAY, reason="계약 종료", actor=factory.make_odile(), at=NOON)
        assert list(OverseasTransfer.objects.on(TODAY)) == [row]
        assert not OverseasTransfer.objects.on(TODAY + DAY)
        with pytest.raises(processors.WrongState):
            processors.end_transfer(row, ended_on=TODAY, reason="x", actor=factory.make_odile(), at=NOON)
