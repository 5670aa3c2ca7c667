"""A case reaches everybody it is about and nobody else, and what it is about waits for its end."""

from datetime import timedelta

import pytest
from django.db import transaction

from privacy.campaigns import recipients
from privacy.retention.destruction import blockers
from privacy.rights import actions as rights
from privacy.rights import destruction_blockers, exports, matching, retention_expiry
from privacy.rights.actions import RequestedRight
from privacy.rights.actors import Requester
from privacy.rights.models import Particulars, Request
from privacy.vault import actions as vault
from privacy.vault.models import Freeze
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

MODEL = RequestedRight("correction", category="device-registration", item="model", wanted="SM-X")
SERIAL = "R3CT900ABCD"


class ConcernedCase(PortalTestCase):
    def setUp(self) -> None:
        self.odile, self.omar = factory.make_officer(), factory.make_omar()
        factory.grant_office_categories(self.omar, by=self.odile)


@pytest.mark.truth("freeze-of-somebody-else")
class FreezeOfOthersTests(ConcernedCase):
    def test_a_record_that_only_matched_the_claim_is_in_use_again_once_another_is_named(self) -> None:
        mine, other = (factory.make_device(number, serial_number=SERIAL) for number in (1, 2))
        receipt = factory.ask(MODEL, target=SERIAL, target_kind="serial_number", answer_by="portal")
        assert Freeze.objects.active(NOON).count() == 2
        factory.make_verified(receipt, named=matching.by_reference(mine.reference))
        assert set(Freeze.objects.active(NOON).values_list("subject_id", flat=True)) == {mine.subject_id}
        assert not vault.active_freezes(other.subject_id, "device-registration", ["model"], at=NOON)


@pytest.mark.truth("joined-with-an-unproven-one")
class JoinedWithUnprovenTests(ConcernedCase):
    def test_a_confirmed_request_is_not_joined_with_one_that_nobody_has_proven(self) -> None:
        device = factory.make_device(1)
        stranger = factory.ask(MODEL, target=factory.imei(1), answer_by="portal")
        later = NOON + timedelta(days=1)
        case = factory.make_verified(factory.ask(MODEL, target=factory.imei(1), answer_by="portal", at=later), at=later)
        with pytest.raises(rights.NotDuplicate):
            rights.join(case, to=stranger.request, actor=self.odile, at=later)
        long_after = NOON + timedelta(days=12)
        vault.expire_freezes(at=long_after)
        assert vault.active_freezes(device.subject_id, "device-registration", ["model"], at=long_after)


@pytest.mark.truth("every-record-of-a-contact")
class EveryRecordTests(ConcernedCase):
    def test_a_contact_of_more_people_than_the_public_door_looks_at_reaches_all_of_them(self) -> None:
        people = [factory.make_mina() for _number in range(matching.MAX_MATCHES + 1)]
        for one in people:
            factory.make_contact(one, kind="email", value="fleet@example.org")
        with transaction.atomic():
            receipt = factory.ask(target="fleet@example.org", target_kind="email", answer_by="portal")
        case = factory.make_verified(receipt)
        assert case.people.count() == len(people)


@pytest.mark.truth("objection-before-destruction")
class UndecidedObjectionTests(ConcernedCase):
    def test_a_schedule_waits_for_an_objection_of_a_closed_case(self) -> None:
        device = factory.make_device(1)
        case = factory.make_verified(factory.ask(target=factory.imei(1), answer_by="portal"))
        right = rights.refuse(case.rights.get(), ground="life-or-body", actor=self.odile, at=NOON)
        rights.close_case(Request.objects.get(), actor=self.odile, at=NOON)
        assert device.subject_id not in set(destruction_blockers.with_open_request(None, "device-registration", NOON))
        objection = rights.object_to(right, statement="no", actor=Requester(case.reference), at=NOON)
        assert set(destruction_blockers.with_open_request(None, "device-registration", NOON)) == {device.subject_id}
        rights.decide_objection(objection, outcome="dismissed", actor=self.omar, at=NOON)
        assert not destruction_blockers.with_open_request(None, "device-registration", NOON)


@pytest.mark.truth("due-when-the-hold-ends")
class EndedRequestTests(ConcernedCase):
    def test_who_had_a_request_until_lately_is_looked_at_again_by_a_schedule(self) -> None:
        devices = [factory.make_device(number) for number in (1, 2)]
        cases = [factory.make_verified(factory.ask(target=factory.imei(n), answer_by="portal")) for n in (1, 2)]
        later = NOON + timedelta(days=200)
        right = rights.refuse(cases[0].rights.get(), ground="life-or-body", actor=self.odile, at=later)
        rights.close_case(Request.objects.get(pk=right.request_id), actor=self.odile, at=later)
        rights.withdraw(cases[1], actor=Requester(cases[1].reference), at=later)
        for since, expected in ((later, {one.subject_id for one in devices}), (later + timedelta(seconds=1), set())):
            kept = blockers.formerly_blocked_subjects("device-registration", since)
            assert kept == expected, since


@pytest.mark.truth("words-past-their-term")
class TermOfWordsTests(ConcernedCase):
    def test_the_office_s_words_end_too_where_the_requester_s_never_arrived(self) -> None:
        factory.make_device(1)
        case = factory.make_verified(factory.ask(target=factory.imei(1), answer_by="portal"))
        Particulars.objects.filter(about_id=case.id).delete()
        rights.refuse(case.rights.get(), ground="life-or-body", explanation="because", actor=self.odile, at=NOON)
        rights.close_case(Request.objects.get(), actor=self.odile, at=NOON)
        assert Particulars.objects.filter(subject_id=case.id).exists()
        long_after = (NOON + timedelta(days=366 * 3 + 2)).date()
        found = [one for part in retention_expiry.particulars_due(long_after, None) for one in part]  # type: ignore[arg-type]
        assert found == [case.id]


@pytest.mark.truth("requester-who-can-not-be-told")
class ErasedRequesterTests(ConcernedCase):
    def test_a_requester_whose_words_are_destroyed_holds_up_no_notice(self) -> None:
        factory.make_device(1)
        kept, over = (factory.make_verified(factory.ask(target=factory.imei(1), answer_by="portal")) for _ in range(2))
        for case in (kept, over):
            rights.refuse(case.rights.get(), ground="life-or-body", actor=self.odile, at=NOON)
            rights.close_case(case, actor=self.odile, at=NOON)
        assert recipients.erased([kept.id, over.id]) == set()
        rights.destroy_particulars([over.id], certificate="D-1", actor=self.odile, at=NOON)
        assert recipients.erased([kept.id, over.id]) == {over.id}


@pytest.mark.truth("own-words-in-the-copy")
class OwnWordsTests(ConcernedCase):
    def test_what_was_written_in_an_objection_is_in_the_copy_too(self) -> None:
        device = factory.make_device(1)
        case = factory.make_verified(factory.ask(target=factory.imei(1), answer_by="portal", explanation="okapi"))
        right = rights.refuse(case.rights.get(), ground="life-or-body", actor=self.odile, at=NOON)
        rights.object_to(right, statement="zebra", actor=Requester(case.reference), at=NOON)
        with vault.opened(
            purpose="rights", task="rights.access.exported", actor=self.odile, at=NOON, reason="K7"
        ) as vault_session:
            told = list(exports.export_particulars(device.subject_id, vault_session))
        assert [one.get("explanation") for one in told] == ["okapi", "zebra"]
        assert {one["case"] for one in told} == {case.number}
