"""The demo's training: a course of its own that was held once, one given outside, and the yearly session to come."""

from datetime import date, datetime, timedelta

from privacy.accounts.models import User
from privacy.lib.dates import clock
from privacy.workforce import actions as workforce
from privacy.workforce.models import Course

QUESTION = {
    "text_ko": "유출이 의심되면 먼저 무엇을 합니까?",
    "text_en": "You suspect a leak. What do you do first?",
    "choices": [
        {"ko": "개인정보 보호책임자에게 즉시 알립니다.", "en": "Tell the privacy officer at once."},
        {"ko": "사실이 확인될 때까지 기다립니다.", "en": "Wait until it is certain."},
    ],
    "right": 0,
}
PLACE = "본사 3층 대회의실"


def train(people: dict[str, User], at: datetime) -> None:
    """Offer two more courses, hold a session that Hana and Aram attended, and plan the yearly one."""
    today, hana = clock.kst_date(at), people["Hana"]
    basics = Course.objects.get(code="privacy-basics")
    workforce.plan_session(
        basics, held_on=max(today, date(today.year, 12, 10)), place=PLACE, trainer="Odile", actor=hana, at=at
    )
    response = workforce.offer_course(
        code="incident-response", offered_from=today - timedelta(days=30), actor=hana, at=at,
        title_ko="유출 사고 대응 훈련", title_en="Responding to a breach",
        material_ko="유출을 알았거나 의심되면 즉시 개인정보 보호책임자에게 알립니다. 증거를 지우지 않습니다.",
        material_en="If you learn of a leak or suspect one, tell the privacy officer at once. Don't remove evidence.",
        questions=[QUESTION], pass_mark=100,
    )  # fmt: skip
    held = workforce.plan_session(response, held_on=today, place=PLACE, trainer="Odile", actor=hana, at=at)
    workforce.register_attendance(held, [hana, people["Aram"]], actor=hana, at=at)
    workforce.offer_course(
        code="officer-outside", kind=Course.Kind.OUTSIDE, offered_from=today - timedelta(days=30), actor=hana, at=at,
        title_ko="개인정보 보호책임자 외부 교육", title_en="Outside course for privacy officers",
    )  # fmt: skip
