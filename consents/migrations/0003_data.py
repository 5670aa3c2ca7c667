"""The agreements of the policy in force and their first texts, in Korean and English, with the four notices (C-01)."""

import json
from datetime import UTC, datetime
from hashlib import sha256

from django.db import migrations

# The policy has been in force since this day (P0.2).
SINCE = datetime(2020, 11, 30, 15, tzinfo=UTC)

ADVERTISING = {
    "purpose": (
        "엑스트러스의 제품, 서비스, 행사에 관한 광고성 정보의 전송",
        "Sending advertising information about products, services and events of Extrus",
    ),
    "retention": (
        "동의를 철회할 때까지. 수신동의 여부를 2년마다 확인합니다.",
        "Until you withdraw. We ask you to confirm every two years.",
    ),
    "refusal": (
        "동의하지 않을 권리가 있으며, 동의하지 않아도 서비스 이용에 아무런 불이익이 없습니다.",
        "You have the right to refuse; refusing has no disadvantage for your use of the service.",
    ),
}
REQUIRED = (
    "동의하지 않을 권리가 있습니다. 다만 필수 항목이므로 동의하지 않으면 Exafe MDM을 이용할 수 없습니다.",
    "You have the right to refuse. These items are necessary: without them Exafe MDM can't be used.",
)


def channel(code, position, ko, en, items):
    return {
        "code": f"advertising-{code}",
        "kind": "advertising",
        "channel": code,
        "position": position,
        "title": (f"광고성 정보 수신동의: {ko} (선택)", f"Consent to receive advertising by {en} (optional)"),
        "body": (
            f"엑스트러스가 보내는 광고성 정보를 받는 것(수신 방법: {ko})에 동의합니다. 언제든지 같은 화면에서 철회할 수 있습니다.",
            f"I agree to receive advertising information from Extrus by {en}. I can withdraw at any time, here.",
        ),
        "items": items,
        **ADVERTISING,
    }


AGREEMENTS = [
    {
        "code": "activation",
        "kind": "collection",
        "required": True,
        "categories": ["device-registration"],
        "position": 10,
        "title": (
            "개인정보 수집·이용 동의: 단말 등록 및 라이선스 관리 (필수)",
            "Consent to the collection and use of personal information: device registration and licence (required)",
        ),
        "body": (
            "Exafe MDM을 활성화하면 단말에 설치된 도구가 아래 항목을 자동으로 수집합니다. 서비스 개선·분석과 오류 분석에 대한 동의는 "
            "따로 결정합니다. 사상·신념, 노동조합·정당의 가입·탈퇴, 정치적 견해, 건강, 성생활 등 민감정보는 수집하지 않습니다.",
            "When you activate Exafe MDM, the tool on your device collects the items below automatically. You decide "
            "separately about service improvement and analysis, and about error analysis. No sensitive information "
            "(beliefs, unions, parties, politics, health, sex life and the like) is collected.",
        ),
        "purpose": (
            "① 단말 등록 및 라이선스 관리: 제품 라이선스 확인, 활성화, 관리",
            "① Device registration and licence management: product licence verification, activation, management",
        ),
        "items": (
            "IMEI, 일련번호 또는 ADB 번호, 모델명과 설명, OS 버전·빌드, 시간대, 라이선스",
            "IMEI, serial number or ADB number, model and its description, OS version and build, time zone, licence",
        ),
        "retention": ("라이선스 만료 후 2년", "Two years after the licence expires"),
        "refusal": REQUIRED,
        "item_codes": [
            "imei", "serial_number", "adb_number", "model", "model_description", "os_version", "os_build", "time_zone",
            "licence_key",
        ],
        "purpose_codes": ["registration"],
    },
    {
        "code": "service-analytics",
        "kind": "collection",
        "required": True,
        "categories": ["service-analytics"],
        "position": 15,
        "title": (
            "개인정보 수집·이용 동의: 제품·서비스의 개선 및 분석 (필수)",
            "Consent to the collection and use of personal information: service improvement and analysis (required)",
        ),
        "body": (
            "Exafe MDM을 사용하는 동안 단말에 설치된 도구가 아래 항목을 자동으로 수집합니다. 단말 등록 및 라이선스 관리에 대한 동의와 "
            "따로 결정합니다.",
            "While you use Exafe MDM, the tool on your device collects the items below automatically. You decide about "
            "this separately from device registration and licence management.",
        ),
        "purpose": (
            "② 제품·서비스의 개선 및 분석: 제품·서비스의 개선, 통계",
            "② Product and service improvement, analysis: product and service improvement, statistics",
        ),
        "items": (
            "Exafe MDM 상태, 활성화 일시, 접속 횟수, 접속 기록, 서비스 앱 상태, 단말 설정 결과와 일시",
            "Exafe MDM status, activation time, number of accesses, access records, service app status, configuration "
            "results and their time",
        ),
        "retention": ("서비스 종료 후 5년", "Five years after the service ends"),
        "refusal": REQUIRED,
        "item_codes": ["status", "activation", "access_count", "access", "app_status", "configuration"],
        "purpose_codes": ["analytics"],
    },
    {
        "code": "app-log",
        "kind": "collection",
        "categories": ["app-log"],
        "position": 20,
        "title": ("서비스 앱 로그 수집·이용 동의 (선택)", "Consent to the collection and use of app logs (optional)"),
        "body": (
            "서비스 앱의 로그를 오류 분석에 쓰는 것에 동의합니다. 이 동의는 필수 동의와 따로 결정하며, 언제든지 철회할 수 있습니다.",
            "I agree that logs of the service app are used to analyse errors. This is decided apart from the required "
            "consent and can be withdrawn at any time.",
        ),
        "purpose": ("③ 오류 분석", "③ Error analysis"),
        "items": ("서비스 앱의 로그 정보", "Log information of the service app"),
        "retention": ("목적을 달성한 때 즉시, 늦어도 1개월 이내", "At once when the purpose is achieved, within one month"),
        "refusal": (
            "동의하지 않을 권리가 있으며, 동의하지 않아도 서비스 이용에 아무런 불이익이 없습니다.",
            "You have the right to refuse; refusing has no disadvantage for your use of the service.",
        ),
        "item_codes": ["app_log"],
        "purpose_codes": ["error-analysis"],
    },
    channel("sms", 31, "문자메시지", "text message", ("휴대전화 번호", "Mobile phone number")),
    channel("email", 32, "전자우편", "e-mail", ("전자우편 주소", "E-mail address")),
    channel("push", 33, "앱 알림", "push message", ("앱 알림 식별자", "Push identifier of the app")),
    {
        "code": "advertising-night",
        "kind": "night",
        "position": 39,
        "title": ("야간 광고성 정보 수신동의 (선택)", "Consent to receive advertising at night (optional)"),
        "body": (
            "오후 9시부터 다음 날 오전 8시까지 문자메시지와 앱 알림으로 광고성 정보를 받는 것에 동의합니다. 전자우편은 해당하지 않습니다.",
            "I agree to receive advertising information by text and push message between 21:00 and 08:00. E-mail is "
            "not concerned.",
        ),
        "items": ("휴대전화 번호, 앱 알림 식별자", "Mobile phone number, push identifier of the app"),
        **ADVERTISING,
    },
]  # fmt: skip


def digest(content):
    """As consents.models.AgreementVersion.computed_digest does; a test holds the two together."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode()).hexdigest()


def publish(apps, schema_editor):
    if schema_editor.connection.alias != "default":
        return
    agreements = apps.get_model("consents", "Agreement")
    versions = apps.get_model("consents", "AgreementVersion")
    for row in AGREEMENTS:
        agreement = agreements.objects.create(
            code=row["code"], kind=row["kind"], required=row.get("required", False),
            categories=row.get("categories", []), channel=row.get("channel", ""), position=row["position"],
        )  # fmt: skip
        words = {}
        for part in ("title", "body", "purpose", "items", "retention", "refusal", "recipient"):
            words[f"{part}_ko"], words[f"{part}_en"] = row.get(part, ("", ""))
        codes = {name: sorted(row.get(name, [])) for name in ("item_codes", "purpose_codes")}
        versions.objects.create(
            agreement=agreement, number=1, state="published", asks_again=True,
            digest=digest({"agreement": row["code"], "number": 1, **codes, **words}),
            drafted_by="system:migration", drafted_at=SINCE, published_by="system:migration", published_at=SINCE,
            **codes, **words,
        )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("consents", "0002_guards")]

    operations = [migrations.RunPython(publish)]
