"""What a new office lacks is shown with its state, which changes with the fact and with nothing else."""

import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.test import override_settings
from django.urls import reverse

from config import first_steps
from privacy.disclosures.models import ThirdParty
from privacy.jobs import actions as jobs
from privacy.jobs.models import PersonalOutbox
from privacy.lib.dates import clock
from privacy.policies.models import Officer
from privacy.subjects.actions import contacts
from tests import factory
from tests.base import PortalTestCase

PAGE = "/office/first-steps/"


class FirstStepsTests(PortalTestCase):
    def state(self) -> dict[str, bool]:
        return {str(step.name): is_done for step, is_done in first_steps.steps_now(clock.now())}

    def is_done(self, place: int) -> bool:
        return self.state()[str(first_steps.STEPS[place].name)]

    def test_a_second_officer_and_an_auditor_change_their_lines(self) -> None:
        factory.make_odile(granted=False)
        assert not self.is_done(1)
        assert not self.is_done(2)
        factory.make_omar()
        factory.make_aram()
        assert self.is_done(1)
        assert self.is_done(2)

    def test_an_officer_without_an_address_is_not_enough(self) -> None:
        Officer.objects.all().delete()
        made = Officer.objects.create(
            name="Odile", department_ko="개인정보보호팀", department_en="Privacy", phone="02-000-0000",
            designated_from=clock.today(),
        )  # fmt: skip
        assert not self.is_done(0)
        made.email = "officer@extrus.example"
        made.save()
        assert not self.is_done(0)
        made.name_en = "Odile"
        made.save()
        assert self.is_done(0)

    def test_a_recipient_changes_its_line(self) -> None:
        ThirdParty.objects.all().delete()
        assert not self.is_done(4)
        factory.make_provided(factory.make_device(1), "model")
        assert self.is_done(4)

    def test_a_stuck_delivery_of_either_database_changes_its_line(self) -> None:
        with override_settings(EMAIL_URL="smtp://mail.example"):
            assert self.is_done(6)
            jobs.enqueue(contacts.CHANGE_MAIL, ids={"contact": "none"}, key="stuck", using="personal")
            PersonalOutbox.objects.update(parked_at=clock.now())
            assert not self.is_done(6)

    def test_backup_and_representative_are_looked_up(self) -> None:
        with override_settings(BACKUP_STAMP="/nowhere", REPRESENTATIVE_EMAIL=""):
            assert not self.is_done(8)
            assert not self.is_done(10)
        with NamedTemporaryFile() as stamp, override_settings(BACKUP_STAMP=Path(stamp.name)):
            os.utime(stamp.name, (clock.now().timestamp(),) * 2)
            assert self.is_done(8)

    def test_what_is_missing_stands_first_with_its_page_for_officers_only(self) -> None:
        self.client.force_login(factory.make_odile())
        page = self.client.get(PAGE).content.decode()
        assert reverse("admin:accounts_accessgrant_changelist") in page
        assert page.index("없음") < page.index("갖춰짐")
        assert PAGE in self.client.get(reverse("admin:index")).content.decode()
        for make in (factory.make_hana, factory.make_aram):
            self.client.force_login(make())
            assert self.client.get(PAGE).status_code == 403
            assert PAGE not in self.client.get(reverse("admin:index")).content.decode()


class WhyAndNextTests(PortalTestCase):
    def test_lists_and_records_carry_their_part_of_the_guide(self) -> None:
        case = factory.ask().request
        self.client.force_login(factory.make_odile())
        for name, args in (("changelist", []), ("change", [case.pk])):
            page = self.client.get(reverse(f"admin:rights_request_{name}", args=args)).content.decode()
            assert "이유와 다음 할 일: 권리 요구 처리하기" in page
            assert "guide/officer/#part-2" in page
        self.client.force_login(factory.make_aram())
        assert "guide/auditor/#part-1" in self.client.get(reverse("admin:ledger_entry_changelist")).content.decode()

    def test_every_part_that_the_navigation_names_is_there_in_both_languages(self) -> None:
        from config import guide, navigation

        for group in navigation.NAVIGATION:
            if group.guide is not None:
                for language in ("ko", "en"):
                    code, number = group.guide
                    assert len(guide.part_of(code, number, language)) > 100
                    assert "<img" not in guide.part_of(code, number, language)
                    assert guide.headings_of(code, language)[number - 1]
