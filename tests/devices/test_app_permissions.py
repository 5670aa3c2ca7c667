"""Permissions of the app: required and optional apart, told with the policy, none whose refusal ends the service."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from devices import actions as devices
from devices.models import AppPermission
from privacy.ledger.authorization import NotPermitted
from privacy.lib.registries import registers
from privacy.policies import actions as policies
from privacy.policies import completeness, drift, policy_document, presentation, rule_changes, rulebook
from privacy.policies.models import PolicyVersion
from privacy.safeguards.refusals import DuplicateCode, Incomplete, WrongState
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

TODAY = NOON.date()
DAY = timedelta(days=1)
OPTIONAL = {"required": False, "without_ko": "앱 오류를 분석할 수 없습니다.", "without_en": "Faults can't be analysed."}


def items(*, optional: bool) -> list[str]:
    """Return an item that is collected from everybody, or with a consent of its own."""
    categories = rulebook.in_force(TODAY).categories.values()
    return next([code] for one in categories if one.optional == optional for code in one.items)


def register(**changes: Any) -> AppPermission:
    said: dict[str, Any] = {
        "code": "phone", "name_ko": "전화", "name_en": "Telephone", "required": True, "items": items(optional=False),
        "reason_ko": "기기를 식별합니다.", "reason_en": "It identifies the device.", "starts_on": TODAY,
        "actor": factory.make_odile(granted=False), "at": NOON, **changes,
    }  # fmt: skip
    return devices.register_app_permission(**said)


@pytest.mark.law("C-11")
class AppPermissionTest(PortalTestCase):
    def test_one_whose_refusal_would_end_the_service_is_not_called_optional_nor_the_other_way_round(self) -> None:
        everybody, consented = items(optional=False), items(optional=True)
        for wrong, field in (
            ({"reason_en": " "}, "/reason_en"),
            ({**OPTIONAL, "without_ko": ""}, "/without_ko"),
            ({"without_en": "Nothing"}, "/without_en"),
            ({"items": consented}, "/required"),
            ({**OPTIONAL, "items": everybody}, "/required"),
            ({"items": ["nothing"]}, "/items"),
        ):
            with pytest.raises(Incomplete) as refused:
                register(**wrong)
            assert refused.value.pointer == field
        made = register(**OPTIONAL, items=consented, code="log")
        self.assertLedgered("devices.permission.registered", made)
        with pytest.raises(IntegrityError), transaction.atomic():
            AppPermission.objects.filter(pk=made.pk).update(required=True)
        with pytest.raises(NotPermitted):
            register(actor=factory.make_aram())

    def test_it_is_ended_and_registered_anew_and_never_twice_on_a_day(self) -> None:
        made, odile = register(), factory.make_odile(granted=False)
        with pytest.raises(DuplicateCode):
            register()
        with pytest.raises(Incomplete):
            devices.end_app_permission(made, ended_on=TODAY - DAY, actor=odile, at=NOON)
        devices.end_app_permission(made, ended_on=TODAY, actor=odile, at=NOON)
        with pytest.raises(WrongState):
            devices.end_app_permission(made, ended_on=TODAY, actor=odile, at=NOON)
        with pytest.raises(DuplicateCode):
            register()
        again = register(starts_on=TODAY + DAY)
        assert list(AppPermission.objects.on(TODAY)) == [made]
        assert list(AppPermission.objects.on(TODAY + DAY)) == [again]

    def test_the_policy_tells_it_with_a_version_and_has_to_be_revised_for_it(self) -> None:
        version = factory.the_policy()
        before = policy_document.compose(version, TODAY)
        assert "app-permissions" not in before["tables"]
        register()
        register(**OPTIONAL, items=[], code="camera", name_ko="카메라", name_en="Camera")
        assert {one.code: one for one in drift.find_drifts(TODAY)}["table:app-permissions"].is_due
        assert "app-permissions" not in version.document["tables"], "what was published stays as it was"
        draft = factory.make_draft()
        section = draft.sections.get(code="automatic-collection")
        missing = lambda: {one.section for one in completeness.problems(draft, TODAY) if not one.is_warning}  # noqa: E731
        assert section.code in missing()
        section.body_ko, section.body_en = (
            f"{body}\n\n[[app-permissions]]" for body in (section.body_ko, section.body_en)
        )
        section.save()
        assert section.code not in missing()
        after = policy_document.compose(draft, TODAY)
        for language, said in (
            ("en", ["Telephone · required", "can't be provided", "Camera · optional", "You can use the service."]),
            ("ko", ["전화 · 필수", "카메라 · 선택", "서비스를 이용할 수 있습니다."]),
        ):
            chapters = {one.code: one for one in presentation.render_sections(after, language)}
            told = " ".join(chapters["automatic-collection"].lines())
            assert all(words in told for words in said), told
        changes = {one.sentence: one.adverse for one in rule_changes.compare_rules(before, after, "en")}
        assert changes["The app now asks for: Camera"]
        register(code="before", starts_on=TODAY - DAY)
        published = self.publish(draft)
        with pytest.raises(Incomplete) as refused:
            register(code="mic", starts_on=published.effective_on, at=factory.at_noon(published.effective_on + DAY))
        assert refused.value.pointer == "/starts_on", "the policy said that the app does not ask for it"

    def publish(self, draft: PolicyVersion) -> PolicyVersion:
        hana, odile = factory.make_hana(granted=False), factory.make_odile(granted=False)
        policies.submit(draft, actor=hana, at=NOON)
        factory.settle_assessments(draft, at=NOON)
        policies.approve(draft, actor=odile, at=NOON)
        return policies.publish(draft, actor=odile, at=NOON)

    def test_the_console_registers_and_exports_it(self) -> None:
        self.client.force_login(factory.make_odile())
        given = {
            "code": "notifications", "name_ko": "알림", "name_en": "Notifications", "required": "no",
            "reason_ko": "안내", "reason_en": "Messages",
            "without_ko": "알림이 오지 않습니다.", "without_en": "No messages are shown.",
            "starts_on": TODAY.isoformat(),
        }  # fmt: skip
        self.client.post(reverse("admin:devices_apppermission_new"), given, secure=True)
        made = AppPermission.objects.get()
        page = self.client.get(reverse("admin:devices_apppermission_change", args=[made.pk]), secure=True)
        self.assertContains(page, made.reference)
        window = registers.ExportScope(TODAY, TODAY, factory.make_odile(granted=False), NOON, "점검")
        (row,) = registers.get("app-permissions").rows(window)
        assert list(row)[:2] == ["알림", "선택"]
