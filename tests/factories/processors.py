"""Consignments and transfers abroad, made by the verbs."""

from datetime import datetime
from typing import Any

from privacy.processors import actions as processors
from privacy.processors.models import Clause, Consignment, Criterion, OverseasTransfer, Subprocessor, Supervision
from tests.factories.accounts import NOON, make_odile
from tests.sample_uploads import PDF

__all__ = [
    "make_check",
    "make_consignment",
    "make_overseas_transfer",
    "make_processor_training",
    "make_subprocessor",
]

TODAY = NOON.date()
ARTICLES = {clause.value: f"제{number}조" for number, clause in enumerate(Clause, start=3)}
ANSWERS = {one.value: {"answer": "met", "note": ""} for one in Criterion}


def make_consignment(code: str = "cloud", *, at: datetime = NOON, **changes: Any) -> Consignment:
    """A contract of storage in Korea that has all its articles."""
    values: dict[str, Any] = {
        "name_ko": "한빛클라우드", "name_en": "Hanbit Cloud", "contact": "보안팀 02-000-0000", "country": "KR",
        "work_ko": "서버 호스팅과 백업 보관", "work_en": "Hosting and storage of backups", "items": ["model"],
        "contract": "위탁계약서 2026-17", "signed_on": TODAY, "starts_on": TODAY, "clauses": ARTICLES,
    }  # fmt: skip
    return processors.register_consignment(code=code, actor=make_odile(granted=False), at=at, **(values | changes))


def make_subprocessor(consignment: Consignment, *, at: datetime = NOON, **changes: Any) -> Subprocessor:
    """Whom the processor engages with our consent."""
    values: dict[str, Any] = {
        "name_ko": "백업센터", "name_en": "Backup Centre", "country": "KR", "work_ko": "테이프 보관",
        "work_en": "Storage of tapes", "agreed_on": TODAY, "document": "동의서 3호",
    }  # fmt: skip
    return processors.agree_subprocessor(consignment, actor=make_odile(granted=False), at=at, **(values | changes))


def make_check(consignment: Consignment, *, at: datetime = NOON, **changes: Any) -> Supervision:
    """A check by Odile at which everything was in order."""
    values: dict[str, Any] = {
        "held_on": TODAY, "method": "현장 점검", "outcome": "이상 없음", "checklist": ANSWERS,
        "name": "report.pdf", "content": PDF,
    }  # fmt: skip
    return processors.record_check(consignment, actor=make_odile(granted=False), at=at, **(values | changes))


def make_processor_training(consignment: Consignment, *, at: datetime = NOON, **changes: Any) -> Supervision:
    """A training of four people."""
    values: dict[str, Any] = {
        "held_on": TODAY, "method": "온라인 교육", "outcome": "수탁자의 의무", "trained": 4,
        "name": "people.pdf", "content": PDF,
    }  # fmt: skip
    return processors.record_training(consignment, actor=make_odile(granted=False), at=at, **(values | changes))


def make_overseas_transfer(code: str = "us-support", *, at: datetime = NOON, **changes: Any) -> OverseasTransfer:
    """A transfer to a country that the PIPC has recognised."""
    values: dict[str, Any] = {
        "recipient_ko": "유로서포트", "recipient_en": "Euro Support", "contact": "privacy@example.eu",
        "country": "DE", "country_ko": "독일", "country_en": "Germany", "items": ["model", "os_version"],
        "basis": "adequate", "basis_detail": "보호위원회 고시", "consignment": None,
        "purpose_ko": "장애 분석", "purpose_en": "Analysis of faults", "kept_ko": "분석 종료 시까지",
        "kept_en": "until the analysis ends", "way_ko": "장애 접수 시 암호화 전송",
        "way_en": "encrypted, when a fault is reported",
        "refusal_ko": "보호책임자에게 요청하면 이전하지 않으며 분석이 늦어집니다.",
        "refusal_en": "Ask the protection officer; the analysis may then take longer.", "safety": "부속서 2",
        "disputes": "부속서 3", "starts_on": TODAY,
    }  # fmt: skip
    return processors.register_transfer(code=code, actor=make_odile(granted=False), at=at, **(values | changes))
