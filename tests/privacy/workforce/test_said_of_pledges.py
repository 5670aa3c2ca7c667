"""What is said of a pledge: when it was signed, by whom, until when it held, and which text comes into force."""

from datetime import timedelta

import pytest
from django.utils.translation import override

from privacy.jobs.dispatcher import dispatch_due
from privacy.lib.display import badges
from privacy.lib.registries import registers
from privacy.workforce import actions as workforce
from privacy.workforce import compliance, documents
from privacy.workforce.models import Pledge, PledgeText
from privacy.workforce.tasks import remind_on
from tests.base import PortalTestCase
from tests.factory import NOON, make_odile, make_omar, make_user
from tests.pdf_text import text_of as words_of
from tests.privacy.disclosures.smtp_server import mailbox
from tests.privacy.workforce.test_pledges import PAPER, TODAY, text_of

DAY = timedelta(days=1)


class PaperTest(PortalTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.nina = make_user("nina@extrus.example", "Nina Kim", "employee", fit=False)

    def paper(self, occasion: str = "entry", **changes: object) -> Pledge:
        given = {
            "signed_on": TODAY - 5 * DAY,
            "typed_name": "Nina Kim",
            "scan": PAPER,
            "actor": make_odile(),
            **changes,
        }
        return workforce.register_paper(self.nina, text_of(occasion), at=NOON, **given)  # type: ignore[arg-type]

    @pytest.mark.law("F-15")
    @pytest.mark.truth("signed-on-paper")
    def test_paper_was_signed_on_its_day_and_registered_later(self) -> None:
        pledge = self.paper()
        with override("en"):
            said = words_of(documents.pledge_pdf(pledge, language="en"))
            day, moment = badges.date_text(TODAY - 5 * DAY), badges.datetime_text(NOON)
            assert documents.signed_text(pledge) == f"{day}, registered {moment}"
        assert "registered" in said

    @pytest.mark.law("F-15")
    def test_each_stands_in_the_register_with_its_text_and_day(self) -> None:
        pledge, on = self.paper(), TODAY - 5 * DAY
        register = registers.get("pledges")
        (row,) = register.rows(registers.ExportScope(on, on, make_odile(), NOON, "점검"))
        told = dict(zip(register.headings, row, strict=True))
        assert (told["버전"], told["본문 해시(봉인값)"]) == (pledge.text.version, pledge.seal)
        assert (told["서약자"], told["소속"]) == (f"Nina Kim ({self.nina.reference})", "엑스트러스")
        assert (told["서명일시"], told["증빙"]) == (on, pledge.paper_digest)
        assert not list(register.rows(registers.ExportScope(on - DAY, on - DAY, make_odile(), NOON, "점검")))

    @pytest.mark.truth("pressed-twice")
    def test_a_paper_registered_twice_is_one_pledge(self) -> None:
        assert self.paper() == self.paper()
        assert Pledge.objects.filter(user=self.nina).count() == 1

    @pytest.mark.truth("text-of-somebody-else")
    def test_on_paper_too_everybody_signs_the_text_that_is_theirs(self) -> None:
        with pytest.raises(workforce.NotTextInForce):
            self.paper("outside")


class TextTest(PortalTestCase):
    @pytest.mark.truth("text-undone")
    def test_no_text_is_undone_by_an_earlier_one_that_comes_into_force_after_it(self) -> None:
        words = dict.fromkeys(("title_ko", "title_en", "words_ko", "words_en"), "x")
        second, third = (
            workforce.draft_text(occasion="entry", **words, actor=make_odile(), at=NOON) for _one in range(2)
        )
        workforce.approve_text(second, effective_on=TODAY + 20 * DAY, actor=make_omar(), at=NOON)
        with pytest.raises(workforce.NotTextInForce):
            workforce.approve_text(third, effective_on=TODAY, actor=make_omar(), at=NOON)
        workforce.approve_text(third, effective_on=TODAY + 20 * DAY, actor=make_omar(), at=NOON)
        assert PledgeText.objects.in_force("entry", on=TODAY + 21 * DAY) == third


class EndedTest(PortalTestCase):
    @pytest.mark.truth("ended-pledge-holds")
    def test_a_reminder_does_not_say_of_a_pledge_that_ended_that_it_holds(self) -> None:
        nina = make_user("nina@extrus.example", "Nina Kim", "employee", fit=False)
        given = {"typed_name": "Nina Kim", "language": "ko", "actor": nina}
        pledge = workforce.sign(text_of("entry"), at=NOON - 400 * DAY, **given) if _entry_text(400) else None
        assert pledge is not None and pledge.valid_until is not None
        remind_on(TODAY)
        with mailbox() as box:
            dispatch_due(at=NOON)
        (mail,) = [message.get_content() for message in box.arrived if "nina@extrus.example" in str(message["To"])]
        assert "ended on" in mail
        assert "is valid until" not in mail

    @pytest.mark.truth("signed-and-altered")
    def test_whose_pledge_was_altered_is_not_told_that_they_never_signed(self) -> None:
        nina = make_user("nina@extrus.example", "Nina Kim", "employee", fit=False)
        Pledge.objects.create(
            user=nina, text=text_of("entry"), language="ko", typed_name="Somebody", signed_at=NOON, signed_on=TODAY,
            valid_until=TODAY + 300 * DAY, seal="0" * 64,
        )  # fmt: skip
        with override("en"):
            said = [str(one) for one in compliance.missing_requirements(nina, TODAY)]
        assert "no longer matches its seal" in said[0]
        assert "have not signed the security pledge" not in said[0]


def _entry_text(days: int) -> bool:
    """Whether a text for newcomers was in force that many days ago."""
    return PledgeText.objects.in_force("entry", on=TODAY - days * DAY) is not None
