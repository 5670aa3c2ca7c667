"""The demo's monthly reviews of access records: one signed and confirmed, and one that waits for its reviewer."""

from datetime import datetime

from config.demonstration.example_accounts import DEMO
from privacy.accounts.models import User
from privacy.ledger import actions as ledger
from privacy.ledger.actions.reviews import last_period
from privacy.ledger.models import Review
from privacy.lib.dates import clock


def review_access_records(people: dict[str, User], at: datetime) -> str:
    """Review the month before last whole and open last month's with its sample, where there is none; tell of both."""
    if not Review.objects.exists():
        last_from, _last_until = last_period(clock.kst_date(at), 1)
        first, until = last_period(last_from, 1)
        closed = ledger.open_review(period_from=first, period_until=until, actor=DEMO, at=at)
        aram, omar = people["Aram"], people["Omar"]
        for finding in closed.findings.unexplained():
            ledger.explain_finding(
                finding=finding, explanation="예시 데이터를 만들면서 생긴 기록임 (example)", measure="조치할 사항 없음",
                actor=aram, at=at,
            )  # fmt: skip
        ledger.draw_sample(review=closed, actor=aram, at=at)
        ledger.sign_review(
            review=closed, checked="표본 전부의 목적과 권한을 대조함 (example)",
            conclusion="목적 없는 열람이나 권한을 벗어난 열람이 없음 (example)", actor=aram, at=at,
        )  # fmt: skip
        ledger.confirm_review(review=closed, actor=omar, at=at)
        for opened in ledger.open_reviews(on=clock.kst_date(at), actor=DEMO, at=at):
            ledger.draw_sample(review=opened, actor=aram, at=at)
    waiting = Review.objects.exclude(state=Review.State.CONFIRMED).count()
    return f"monthly reviews of access records: {Review.objects.count() - waiting} confirmed, {waiting} to sign"
