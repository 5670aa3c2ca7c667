"""The agreement to the use of data for marketing, which is asked apart from receiving advertising (law C-02, C-14)."""

import json
from datetime import UTC, datetime
from hashlib import sha256

from django.db import migrations

# Asked apart from 1 December 2026 in Korea on, or from when a portal has the text; who agreed to receive advertising before is asked this too.
SINCE = datetime(2026, 11, 30, 15, tzinfo=UTC)
CODE = "marketing-use"
TEXT = {
    "title_ko": "마케팅 목적의 개인정보 이용 동의 (선택)",
    "title_en": "Consent to the use of personal information for marketing (optional)",
    "body_ko": (
        "엑스트러스가 제품, 서비스, 행사를 홍보하거나 판매를 권유하기 위하여 아래 항목을 이용하는 것에 동의합니다. 광고성 정보를 받는 것에는 수신 방법마다 따로 "
        "동의합니다. 언제든지 같은 화면에서 철회할 수 있습니다."
    ),
    "body_en": (
        "I agree that Extrus uses the items below to promote or offer its products, services and "
        "events. Receiving advertising is agreed to apart from this, for each way of receiving it. "
        "I can withdraw at any time, here."
    ),
    "purpose_ko": "제품, 서비스, 행사의 홍보와 판매 권유",
    "purpose_en": "Promoting and offering products, services and events",
    "items_ko": "휴대전화 번호, 전자우편 주소, 앱 알림 식별자",
    "items_en": "Mobile phone number, e-mail address, push identifier of the app",
    "retention_ko": "동의를 철회할 때까지",
    "retention_en": "Until you withdraw",
    "refusal_ko": "동의하지 않을 권리가 있으며, 동의하지 않아도 서비스 이용에 아무런 불이익이 없습니다. 다만 동의하지 않으면 광고성 정보를 보내지 않습니다.",
    "refusal_en": (
        "You have the right to refuse; refusing has no disadvantage for your use of the service. "
        "Without it, no advertising is sent to you."
    ),
    "recipient_ko": "",
    "recipient_en": "",
}


def digest(content):
    """As consents.models.AgreementVersion.computed_digest does; a test holds the two together."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode()).hexdigest()


def offered_from(now):
    """A portal that gets the text later claims no day on which it had none."""
    return max(SINCE, now)


def publish(apps, schema_editor):
    if schema_editor.connection.alias != "default":
        return
    at = offered_from(datetime.now(UTC))
    agreement = apps.get_model("consents", "Agreement").objects.create(
        code=CODE, kind="marketing", required=False, categories=[], position=30
    )
    codes = {"item_codes": [], "purpose_codes": []}
    apps.get_model("consents", "AgreementVersion").objects.create(
        agreement=agreement, number=1, state="published", asks_again=True,
        digest=digest({"agreement": CODE, "number": 1, **codes, **TEXT}),
        drafted_by="system:migration", drafted_at=at, published_by="system:migration", published_at=at,
        **codes, **TEXT,
    )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("consents", "0004_marketing_use")]

    operations = [migrations.RunPython(publish)]
