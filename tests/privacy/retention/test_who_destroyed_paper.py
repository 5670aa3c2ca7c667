"""Who took part in destroying paper: told as who stated it, and confirmed by nobody who was one of them (D-08)."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import override

from privacy.accounts.second_person import NotASecondPerson
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.retention import actions as retention
from privacy.retention import register
from privacy.retention.models import RegisterEntry
from privacy.retention.refusals import SamePerson
from tests.base import PortalTestCase
from tests.factory import (
    at_noon,
    carry_out_all,
    make_expired_device,
    make_hana,
    make_odile,
    make_omar,
    sweep_on,
)
from tests.privacy.accounts.test_second_person import second_account
from tests.privacy.retention.test_register import DUE, PAPER, record


@pytest.mark.truth("who-destroyed-paper")
class WhoTookPart(PortalTestCase):
    def told(self, entry: RegisterEntry) -> tuple[str, str]:
        return register.describe_actors_of(entry, "handler"), register.describe_actors_of(entry, "witness")

    def test_a_name_that_nobody_checked_is_told_as_stated_by_who_recorded_it(self) -> None:
        hana, odile = make_hana(), make_odile()
        entry = record(executor="김파쇄", witness=odile.reference).register_entry
        with override("en"):
            assert self.told(entry) == (
                f"김파쇄 (as stated by Hana ({hana.reference}))", f"Odile ({odile.reference})"
            )  # fmt: skip
        self.client.force_login(odile)
        page = self.client.get(reverse("admin:retention_paperdestruction_change", args=[entry.paper_id]))
        assert f"김파쇄(Hana ({hana.reference})의 진술)" in page.content.decode()

    @pytest.mark.law("D-08")
    @pytest.mark.attack("17.3")
    def test_is_not_confirmed_by_a_second_account_of_who_recorded_it(self) -> None:
        odile, omar = make_odile(), make_omar()
        double, at = second_account(asked_by=odile, approved_by=omar), clock.now()
        paper = retention.record_paper(**PAPER, actor=odile, at=at)
        rows = RegisterEntry.objects.filter(pk=paper.register_entry.pk)
        with pytest.raises(NotASecondPerson):
            retention.confirm_result(rows.get(), actor=double, at=at)
        for one in (odile.ref, double.ref, "U-nobody"):
            with pytest.raises(IntegrityError), transaction.atomic():
                rows.update(confirmed_by=one, confirmed_at=at)
        assert retention.confirm_result(rows.get(), actor=omar, at=at).confirmed_by == omar.ref

    @pytest.mark.truth("21")
    def test_the_entry_s_own_page_tells_whom_it_names_as_the_list_and_the_export_do(self) -> None:
        make_expired_device(ended_on=date(2024, 5, 15))
        (row,) = carry_out_all(sweep_on(DUE))
        paper = record(executor="김파쇄", witness="정경수").register_entry
        self.client.force_login(make_odile())
        for entry in (RegisterEntry.objects.get(list=row), paper):
            page = self.client.get(reverse("admin:retention_registerentry_change", args=[entry.pk])).content.decode()
            for name in register.ACTOR_COLUMNS:
                assert register.describe_actors_of(entry, name) in page
            assert "system:" not in page.partition('id="content"')[2].partition("<h2")[0]

    def test_an_account_is_named_by_a_reference_that_exists(self) -> None:
        with pytest.raises(Refusal) as raised:
            record(executor="U-0000-0000")
        assert raised.value.pointer == "/executor"
        assert not RegisterEntry.objects.exists()

    @pytest.mark.law("D-08")
    def test_who_carried_it_out_does_not_confirm_the_result(self) -> None:
        odile = make_odile()
        entry = record(executor=odile.reference.lower()).register_entry
        with pytest.raises(SamePerson):
            retention.confirm_result(entry, actor=odile, at=at_noon(DUE))

    def test_who_carried_it_out_does_not_confirm_the_result_either_where_only_their_name_is_stated(self) -> None:
        odile = make_odile()
        for stated in ("Odile", f" odile ({odile.reference})"):
            entry = record(executor=stated, witness="정경수").register_entry
            with pytest.raises(SamePerson):
                retention.confirm_result(entry, actor=odile, at=at_noon(DUE))
            assert retention.confirm_result(entry, actor=make_omar(), at=at_noon(DUE)).confirmed_at

    def test_what_the_portal_destroyed_itself_is_no_statement(self) -> None:
        make_expired_device(ended_on=date(2024, 5, 15))
        (row,) = carry_out_all(sweep_on(DUE))
        assert "(as stated" not in " ".join(self.told(RegisterEntry.objects.get(list=row)))
