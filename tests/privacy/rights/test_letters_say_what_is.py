"""A letter says what is so when it is written: the days of the rulebook, what became of a copy, that one asks again."""

from datetime import date, timedelta

import pytest

from privacy.policies import actions as policies
from privacy.rights import actions as rights
from privacy.rights import letters
from privacy.rights.actions import RequestedRight
from privacy.rights.actors import Requester
from privacy.rights.models import Letter, Package, Request
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

LATER = NOON + timedelta(days=30)


class LetterCase(PortalTestCase):
    def setUp(self) -> None:
        factory.end_waits_at_once()
        self.odile, self.omar = factory.make_officer(), factory.make_omar()
        factory.grant_office_categories(self.omar, by=self.odile)
        factory.make_device(1)

    def said(self, letter: Letter) -> str:
        written = letters.letter_text(letter, language="en")
        return "\n".join([written.opening, *(f"{name}: {text}" for name, text in written.fields), *written.closing])


@pytest.mark.truth("16")
class PostponedTests(LetterCase):
    def test_the_days_after_a_postponement_are_those_of_the_rulebook(self) -> None:
        policies.set_parameter(
            code="rights.postponed.answer.days", value=5, effective_on=date(2026, 12, 10), basis="new law",
            actor=self.odile, at=NOON,
        )  # fmt: skip
        for until, days in ((date(2026, 12, 9), 10), (date(2026, 12, 20), 5)):
            case = factory.make_verified(factory.ask(target=factory.imei(1), address=""))
            rights.postpone(case.rights.get(), reason="restoring", expected_on=until, actor=self.odile, at=NOON)
            assert f"within {days} days" in self.said(case.letters.get(kind="postponed")), until


@pytest.mark.truth("letter-of-a-gone-copy")
class CopyTests(LetterCase):
    def results(self, *, fetched: bool) -> list[Letter]:
        """Two results of one case: the first hands a copy out, the second follows an upheld objection weeks later."""
        asked = factory.ask(
            RequestedRight("access"), RequestedRight("deletion"), target=factory.imei(1), answer_by="portal"
        )
        case = factory.make_verified(asked)
        deletion = case.rights.get(kind="deletion")
        refused = {"ground": "collected-by-law", "law": "통신비밀보호법 제15조의2", "actor": self.odile}
        rights.refuse(deletion, at=NOON, **refused)
        rights.carry_out(
            rights.grant(case.rights.get(kind="access"), actor=self.odile, at=NOON), actor=self.odile, at=NOON
        )
        if fetched:
            package = Package.objects.get()
            code = factory.pickup_code(package, at=NOON)
            assert b"".join(rights.download(package, code=code, at=NOON))
        requester = Requester(case.reference)
        objection = rights.object_to(deletion, statement="no", actor=requester, at=NOON)
        rights.remove_packages(actor=self.odile, at=LATER)
        rights.decide_objection(objection, outcome="upheld", actor=self.omar, at=LATER)
        rights.refuse(case.rights.get(kind="deletion"), at=LATER, **refused)
        return list(Request.objects.get(pk=case.pk).letters.filter(kind="result").order_by("queued_at"))

    def test_a_copy_that_is_gone_is_not_offered_again(self) -> None:
        first, second = (self.said(letter) for letter in self.results(fetched=False))
        assert "download on the status page" in first
        assert "download on the status page" not in second
        assert "the download ended on" in second

    def test_a_copy_that_was_fetched_is_told_as_that(self) -> None:
        _first, second = (self.said(letter) for letter in self.results(fetched=True))
        assert "download on the status page" not in second
        assert "downloaded on" in second


@pytest.mark.truth("asked-again-is-told-again")
class EvidenceTests(LetterCase):
    def test_a_document_asked_for_again_is_told_again(self) -> None:
        case = factory.ask(target=factory.imei(1), answer_by="portal").request
        for times in (1, 2):
            rights.request_document(case, actor=self.odile, at=NOON + timedelta(days=times))
            assert case.letters.filter(kind="evidence").count() == times

    def test_a_letter_that_has_not_gone_out_yet_asks_for_both(self) -> None:
        case = factory.ask(target=factory.imei(1)).request
        for _time in range(2):
            rights.request_document(case, actor=self.odile, at=NOON)
        assert case.letters.get(kind="evidence").state == "queued"
