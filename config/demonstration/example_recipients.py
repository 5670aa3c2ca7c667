"""The demo's recipients of personal data: what registers one, and the version of the policy that names it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from consents import actions as consents
from privacy.accounts.models import User
from privacy.disclosures import actions as disclosures
from privacy.disclosures.models import ThirdParty
from privacy.lib.dates import clock
from privacy.policies import actions as policies
from privacy.policies import assessed_changes
from privacy.policies.models import PolicyVersion
from privacy.safeguards import actions as safeguards


@dataclass(frozen=True)
class ExampleRecipient:
    """A third party, the words of the agreement that lets data go there, and why the policy came to name it."""

    code: str
    title: str
    kind: ThirdParty.Kind
    mailbox: str
    contract: str
    words: Mapping[str, Any]
    reason_ko: str
    reason_en: str

    def register(self, *, actor: User, publisher: User, at: datetime) -> ThirdParty:
        """Return the registered party, made with its agreement where it is missing."""
        known = ThirdParty.objects.filter(code=self.code).first()
        if known is not None:
            return known
        party = disclosures.register_party(
            code=self.code,
            title=self.title,
            kind=self.kind,
            channel=ThirdParty.Channel.EMAIL,
            mailbox=self.mailbox,
            contract=self.contract,
            actor=actor,
            at=at,
        )
        consents.offer_provision(recipient=self.code, words=self.words, actor=actor, publisher=publisher, at=at)
        return party

    def version_naming_it(self) -> PolicyVersion | None:
        """Return the version of the policy that came to name it, if there is one."""
        return PolicyVersion.objects.filter(reason_ko=self.reason_ko, reason_en=self.reason_en).first()

    def publish_version(self, people: dict[str, User], at: datetime) -> PolicyVersion:
        """Publish a version that names it, thirty days ahead: drafted by one person, approved by another."""
        hana, odile = people["Hana"], people["Odile"]
        draft = policies.create_draft(actor=hana, at=at)
        draft = policies.describe_draft(
            draft,
            effective_on=clock.kst_date(at) + timedelta(days=30),
            reason_ko=self.reason_ko,
            reason_en=self.reason_en,
            adverse=True,
            actor=hana,
            at=at,
        )
        version = policies.submit(draft, actor=hana, at=at)
        for change in assessed_changes.unassessed(version, clock.kst_date(at)):
            reason = "계약과 동의를 검토함: 제공 항목이 기존 제공과 같음 (example)"
            safeguards.exempt_change(version, change=change.key, reason=reason, actor=hana, at=at)
        policies.approve(version, actor=odile, at=at)
        return policies.publish(version, actor=odile, at=at)


CARRIER = ExampleRecipient(
    code="hanbit-mobile",
    title="한빛모바일 (Hanbit Mobile, example)",
    kind=ThirdParty.Kind.CARRIER,
    mailbox="privacy@hanbit-mobile.example",
    contract="2025-11",
    words={
        "title_ko": "한빛모바일에 대한 개인정보 제공 동의",
        "title_en": "Provision of personal information to Hanbit Mobile",
        "body_ko": "단말기 개통과 수리를 위하여 아래 항목을 한빛모바일에 제공하는 것에 동의합니다.",
        "body_en": "I agree that the items below are provided to Hanbit Mobile for opening and repairing my device.",
        "purpose_ko": "단말기 개통 및 수리",
        "purpose_en": "Opening and repair of the device",
        "items_ko": "모델명, 운영체제 버전, 일련번호",
        "items_en": "Model name, OS version, serial number",
        "retention_ko": "제공일부터 1년",
        "retention_en": "One year from the provision",
        "refusal_ko": "동의를 거부할 수 있으며, 거부해도 서비스 이용에 제한이 없습니다.",
        "refusal_en": "You may refuse. Refusing does not limit the service.",
        "recipient_ko": "한빛모바일 주식회사",
        "recipient_en": "Hanbit Mobile Inc.",
        "item_codes": ["model", "os_version", "serial_number"],
        "purpose_codes": ["registration"],
    },
    reason_ko="단말 개통과 수리를 위한 제공받는 자(한빛모바일) 추가",
    reason_en="A recipient is added for opening and repairing devices (Hanbit Mobile)",
)
# The policy in force does not name it yet: nothing goes there before it does.
PARTNER = ExampleRecipient(
    code="nuri-repair",
    title="누리수리 (Nuri Repair, example)",
    kind=ThirdParty.Kind.PARTNER,
    mailbox="privacy@nuri-repair.example",
    contract="2026-11",
    words={
        "title_ko": "누리수리에 대한 개인정보 제공 동의",
        "title_en": "Provision of personal information to Nuri Repair",
        "body_ko": "방문 수리를 위하여 아래 항목을 누리수리에 제공하는 것에 동의합니다.",
        "body_en": "I agree that the items below are provided to Nuri Repair for repairs on site.",
        "purpose_ko": "방문 수리",
        "purpose_en": "Repair on site",
        "items_ko": "모델명, 운영체제 버전",
        "items_en": "Model name, OS version",
        "retention_ko": "제공일부터 3개월",
        "retention_en": "Three months from the provision",
        "refusal_ko": "동의를 거부할 수 있으며, 거부해도 서비스 이용에 제한이 없습니다.",
        "refusal_en": "You may refuse. Refusing does not limit the service.",
        "recipient_ko": "주식회사 누리수리",
        "recipient_en": "Nuri Repair Ltd.",
        "item_codes": ["model", "os_version"],
        "purpose_codes": ["registration"],
    },
    reason_ko="방문 수리를 위한 제공받는 자(누리수리) 추가",
    reason_en="A recipient is added for repairs on site (Nuri Repair)",
)
