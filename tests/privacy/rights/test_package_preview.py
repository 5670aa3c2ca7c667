"""What an access hands out is seen before it is; what concerns other people is left out, and said to be (law R-12)."""

import html
import io
import json
import re
import zipfile
from typing import Any
from unittest.mock import patch

import pytest
from django.db import IntegrityError, transaction

from privacy.ledger.authorization import NotPermitted
from privacy.ledger.models import Entry
from privacy.rights import actions as rights
from privacy.rights import letters, register
from privacy.rights.access_package import redactions, writer
from privacy.rights.access_package.redactions import BLACKED_OUT
from privacy.rights.actions import RequestedRight
from privacy.rights.actions import redactions as preview
from privacy.rights.actors import Requester
from privacy.rights.models import CasePerson, Letter, Package, Right
from tests import factory
from tests.factories.accounts import NOON
from tests.privacy.rights.test_case_actions import DeskCase

GROUND, OTHER = "property-or-interests", "life-or-body"
TOLD = "제 동료 김철수도 이 기기를 씁니다. 김철수 님께는 알리지 마십시오."


class PreviewCase(DeskCase):
    def setUp(self) -> None:
        super().setUp()
        self.right = self.asked()

    def asked(self) -> Right:
        receipt = factory.ask(
            RequestedRight("access"), target=factory.imei(1), answer_by="portal", address="", explanation=TOLD
        )
        right: Right = factory.make_verified(receipt).rights.get()
        return right

    def place_of(self, name: str) -> tuple[str, str, list[str]]:
        """Where a value of this name stands, as the preview tells."""
        seen = rights.preview_package(self.row(), place={}, actor=self.odile, at=NOON)
        return next(
            (code, pointer, list(path))
            for code, records in seen.records
            for pointer, record, _marks in records
            for path, _value in redactions.values(record)
            if path[-1] == name
        )

    def row(self) -> Right:
        return Right.objects.select_related("request").get(id=self.right.id)

    def leave_out(self, name: str, *, ground: str = GROUND, passage: str = "") -> Right:
        return rights.leave_out(
            self.row(),
            chosen=[self.place_of(name)],
            ground=ground,
            passage=passage,
            place={},
            read=self.read(),
            actor=self.odile,
            at=NOON,
        )

    def put_back(self, *chosen: tuple[str, str, list[str]]) -> Right:
        return rights.put_back(self.row(), chosen=chosen, place={}, read=self.read(), actor=self.odile, at=NOON)

    def read(self) -> str:
        return rights.digest_of_request(self.right.request)

    def objected_to(self) -> None:
        """The case is refused, objected to and opened again: two records of it are told by its number."""
        right = rights.refuse(self.row(), ground=OTHER, actor=self.odile, at=NOON)
        made = rights.object_to(right, statement="zebra", actor=Requester(right.request.reference), at=NOON)
        omar = factory.make_omar()
        factory.grant_office_categories(omar, by=self.odile)
        rights.decide_objection(made, outcome="upheld", actor=omar, at=NOON)

    def let_the_marks_miss(self, *, key: str = "") -> None:
        """The records that were marked say something else now; with ``key``, they are gone."""
        kept = self.row().redactions
        for one in kept:
            one["record"] = f"{key or redactions.key_of(one['record'])}#0"
        Right.objects.filter(id=self.right.id).update(redactions=kept)

    def released(self) -> zipfile.ZipFile:
        if not self.row().is_granted:
            rights.grant(self.row(), actor=self.odile, at=NOON)
        rights.carry_out(self.row(), actor=self.odile, at=NOON)
        package = Package.objects.get()
        code = factory.pickup_code(package, at=NOON)
        return zipfile.ZipFile(io.BytesIO(b"".join(rights.download(package, code=code, at=NOON))))


def everything_in(archive: zipfile.ZipFile) -> str:
    return "".join(archive.read(name).decode() for name in archive.namelist())


@pytest.mark.clause("P1.4")
class LeftOutTests(PreviewCase):
    def test_without_marks_the_copy_has_everything_and_speaks_of_none_left_out(self) -> None:
        archive = self.released()
        assert factory.imei(1) in everything_in(archive)
        assert "redacted" not in json.loads(archive.read("manifest.json"))
        assert BLACKED_OUT not in everything_in(archive)
        assert self.row().decision == "granted"

    @patch.object(writer, "SLICE_RECORDS", 1)
    def test_the_preview_shows_what_the_copy_then_holds_part_by_part(self) -> None:
        """Records of one case are told by its number alone: however small the parts are, one has all of them, once."""
        CasePerson.objects.create(request=self.right.request, subject_id=factory.make_device(2).subject_id)
        self.objected_to()
        self.leave_out("imei")
        self.leave_out("explanation")
        self.let_the_marks_miss()
        shown: dict[str, list[Any]] = {}
        place: dict[str, Any] | None = {}
        with patch.object(preview, "PREVIEW_RECORDS", 1):
            while place is not None:
                seen = rights.preview_package(self.row(), place=place, actor=self.odile, at=NOON)
                for code, records in seen.records:
                    given = [redactions.given(one, marks) for _pointer, one, marks in records]
                    shown.setdefault(code, []).extend(given)
                place = seen.next_place
        held = json.loads(self.released().read("content.json"))["held"]
        assert shown == held
        assert [one["explanation"] for one in held["rights-request"]] == [BLACKED_OUT] * 2
        assert held["device-registration"][0]["imei"] == BLACKED_OUT

    def test_what_is_left_out_and_gone_meanwhile_is_told_by_manifest_and_letter_alike(self) -> None:
        self.leave_out("imei")
        self.let_the_marks_miss(key="device:D-0000-0000-00")
        archive = self.released()
        (told,) = json.loads(archive.read("manifest.json"))["redacted"]
        assert (told["record"], told["ground"]) == ("device:D-0000-0000-00", GROUND)
        said = letters.letter_text(Letter.objects.get(kind="result"), language="ko")
        assert str(Right.Ground(GROUND).label) in " ".join(text for _name, text in said.fields)
        assert str(Right.Ground(GROUND).label) in archive.read("index.html").decode()

    def test_a_value_is_in_no_file_of_the_copy_and_the_manifest_says_where_and_why(self) -> None:
        self.leave_out("imei")
        archive = self.released()
        # The number that was claimed in the request is the same one: it was not marked, and stands there.
        held = json.loads(archive.read("content.json"))
        assert held["held"]["device-registration"][0]["imei"] == BLACKED_OUT
        table = next(archive.read(name).decode() for name in archive.namelist() if name == "table-03.csv")
        assert factory.imei(1) not in table
        told = json.loads(archive.read("manifest.json"))["redacted"]
        assert [(one["category"], one["path"], one["part"], one["ground"]) for one in told] == [
            ("device-registration", "imei", "value", GROUND)
        ]
        assert factory.imei(1) not in archive.read("manifest.json").decode()
        schema = json.loads(archive.read("schema.json"))["properties"]
        assert set(held) <= set(schema)
        assert set(held["redacted"][0]) == set(schema["redacted"]["items"]["required"])
        page = archive.read("index.html").decode()
        assert BLACKED_OUT in page
        assert "다른 사람에 관한 정보여서" in page
        assert str(Right.Ground(GROUND).label) in page

    def test_a_passage_goes_wherever_its_words_stand_and_the_rest_stays(self) -> None:
        self.leave_out("explanation", passage="김철수", ground=OTHER)
        archive = self.released()
        assert "김철수" not in everything_in(archive)
        (words,) = json.loads(archive.read("content.json"))["held"]["rights-request"]
        assert words["explanation"] == TOLD.replace("김철수", BLACKED_OUT)
        assert [one["part"] for one in json.loads(archive.read("manifest.json"))["redacted"]] == ["passage"] * 2

    def test_a_whole_record_keeps_its_number_alone(self) -> None:
        code, pointer, _path = self.place_of("imei")
        whole = {"chosen": [(code, pointer, [])], "place": {}, "read": self.read()}
        rights.leave_out(self.row(), ground=GROUND, **whole, actor=self.odile, at=NOON)
        (device,) = json.loads(self.released().read("content.json"))["held"]["device-registration"][:1]
        assert device.pop("device") == self.device.reference
        assert {value for value in device.values() if value} == {BLACKED_OUT}

    def test_the_answer_says_it_with_the_ground_and_how_to_object(self) -> None:
        self.leave_out("imei")
        self.leave_out("explanation", passage="김철수", ground=OTHER)
        self.released()
        letter = Letter.objects.get(kind="result")
        text = letters.letter_text(letter, language="ko")
        said = " ".join(value for _name, value in text.fields)
        assert "다른 사람에 관한 정보" in said
        assert str(Right.Ground(GROUND).label) in said
        assert str(Right.Ground(OTHER).label) in said
        assert "이의" in " ".join(text.closing)

    def test_a_refused_access_speaks_of_its_own_ground_alone(self) -> None:
        self.leave_out("imei")
        right = rights.refuse(self.row(), ground=OTHER, actor=self.odile, at=NOON)
        assert str(Right.Ground(GROUND).label) not in letters.decision_text(right, on=NOON.date())

    def test_what_is_left_out_is_on_record_without_its_value(self) -> None:
        self.leave_out("imei")
        self.assertLedgered("rights.access.redacted")
        entry = Entry.objects.filter(word="rights.access.redacted").latest("id")
        assert factory.imei(1) not in entry.payload
        assert factory.imei(1) not in json.dumps(self.row().redactions)
        assert Entry.objects.reads().filter(task="rights.package.previewed").exists()

    def test_what_is_put_back_is_given_and_the_grant_is_whole_again(self) -> None:
        rights.grant(self.row(), actor=self.odile, at=NOON)
        self.leave_out("imei")
        assert (self.row().decision, self.row().ground) == ("partly-granted", GROUND)
        self.put_back(self.place_of("imei"))
        assert (self.row().decision, self.row().ground, self.row().excluded) == ("granted", "", [])
        assert factory.imei(1) in self.released().read("content.json").decode()

    def test_a_place_that_is_marked_anew_is_left_out_on_the_new_ground_alone(self) -> None:
        rights.grant(self.row(), actor=self.odile, at=NOON)
        for ground in (GROUND, OTHER):
            self.leave_out("imei", ground=ground)
        row = self.row()
        assert (row.ground, row.grounds) == (OTHER, [Right.Ground(OTHER)])
        self.leave_out("explanation")
        (written,) = register.rows([self.row().request])
        for ground in (GROUND, OTHER):
            assert str(Right.Ground(ground).label) in written[8]

    def test_a_partial_grant_keeps_its_parts_and_its_ground(self) -> None:
        self.leave_out("imei")
        rights.grant_partly(self.row(), excluded=["provision"], ground=OTHER, actor=self.odile, at=NOON)
        assert self.row().excluded == ["others", "provision"]
        self.put_back(self.place_of("imei"))
        assert (self.row().decision, self.row().excluded, self.row().ground) == ("partly-granted", ["provision"], OTHER)


@pytest.mark.clause("P1.4")
class RefusedTests(PreviewCase):
    def test_a_ground_and_a_place_of_the_page_are_needed(self) -> None:
        place = self.place_of("imei")
        for chosen, ground, passage in (
            ([place], "law", ""),
            ([], GROUND, ""),
            ([("device-registration", "device:D-0000-0000-00#0", ["imei"])], GROUND, ""),
            # The record said something else on the page: nobody marks what they have not seen.
            ([(place[0], f"{redactions.key_of(place[1])}#0", place[2])], GROUND, ""),
            ([(place[0], place[1], ["imsi2"])], GROUND, ""),
            ([place], GROUND, "words that are not there"),
            ([place, self.place_of("explanation")], GROUND, "김철수"),
        ):
            with pytest.raises(rights.NoGround):
                rights.leave_out(
                    self.row(),
                    chosen=chosen,
                    ground=ground,
                    passage=passage,
                    place={},
                    read="",
                    actor=self.odile,
                    at=NOON,
                )
        assert self.row().redactions == []

    def test_a_handler_looks_and_leaves_nothing_out(self) -> None:
        seen = rights.preview_package(self.row(), place={}, actor=self.hana, at=NOON)
        assert seen.records
        with pytest.raises(NotPermitted):
            rights.leave_out(
                self.row(), chosen=[self.place_of("imei")], ground=GROUND, place={}, read="", actor=self.hana, at=NOON
            )
        with pytest.raises(NotPermitted):
            rights.preview_package(self.row(), place={}, actor=factory.make_aram(), at=NOON)

    def test_nothing_is_left_out_of_what_is_carried_out(self) -> None:
        place = self.place_of("imei")
        self.released()
        with pytest.raises(rights.WrongState):
            rights.leave_out(self.row(), chosen=[place], ground=GROUND, place={}, read="", actor=self.odile, at=NOON)
        with pytest.raises(rights.WrongState):
            rights.access_to_preview(self.right.request)

    def test_a_release_on_a_page_that_did_not_show_it_is_refused(self) -> None:
        rights.grant(self.row(), actor=self.odile, at=NOON)
        read = rights.digest_of_request(self.right.request)
        self.leave_out("imei")
        with pytest.raises(rights.ContentChanged):
            rights.carry_out(self.row(), read=read, actor=self.odile, at=NOON)

    def test_no_mark_of_a_colleague_is_lost(self) -> None:
        first, read = self.row(), self.read()
        ours = {"place": {}, "actor": self.odile, "at": NOON}
        explained = self.place_of("explanation")
        self.leave_out("imei")
        with pytest.raises(rights.ContentChanged):
            rights.leave_out(first, chosen=[explained], ground=GROUND, read=read, **ours)
        rights.leave_out(first, chosen=[explained], ground=GROUND, read="", **ours)
        assert [one["path"] for one in self.row().redactions] == [["imei"], ["explanation"]]
        before, read = self.row(), self.read()
        self.leave_out("claimed")
        with pytest.raises(rights.ContentChanged):
            rights.put_back(before, chosen=[explained], read=read, **ours)
        rights.put_back(before, chosen=[explained], read="", **ours)
        assert [one["path"] for one in self.row().redactions] == [["imei"], ["claimed"]]

    def test_the_database_knows_no_whole_grant_with_something_left_out(self) -> None:
        self.leave_out("imei")
        rights.grant(self.row(), actor=self.odile, at=NOON)
        with pytest.raises(IntegrityError), transaction.atomic():
            Right.objects.filter(id=self.right.id).update(decision="granted", ground="", excluded=[])


class PageTests(PreviewCase):
    def test_the_page_marks_gives_again_and_keeps_what_was_typed(self) -> None:
        case = self.right.request
        page = self.press(case, "preview").content.decode()
        assert factory.imei(1) in page
        token = json.dumps(self.place_of("imei"))
        page = self.press(case, "preview", chosen=token, passage="not there").content.decode()
        assert "not there" in page
        assert page.count(" checked") == 1
        page = self.press(case, "preview", chosen=token, ground=GROUND).content.decode()
        assert "<del>" in page
        assert page.count(" checked") == 0
        assert len(self.row().redactions) == 1
        self.press(case, "preview", chosen=token, confirmed="put-back")
        assert self.row().redactions == []

    def test_what_changed_after_it_was_marked_or_is_gone_is_said_and_put_back(self) -> None:
        case = self.right.request
        token = json.dumps(self.place_of("imei"))
        for key, said in (("", "변경되었거나"), ("device:D-0000-0000-00", "D-0000-0000-00")):
            self.leave_out("imei")
            self.let_the_marks_miss(key=key)
            page = self.press(case, "preview").content.decode()
            assert said in page
            (mark,) = self.row().redactions
            gone = json.dumps([mark["category"], mark["record"], mark["path"]])
            self.press(case, "preview", chosen=gone if key else token, confirmed="put-back")
            assert self.row().redactions == []

    def test_a_whole_record_is_shown_as_left_out_value_by_value(self) -> None:
        code, pointer, _path = self.place_of("explanation")
        seen = rights.preview_package(self.row(), place={}, actor=self.odile, at=NOON)
        ((_pointer, record, _marks),) = dict(seen.records)[code]
        paths = [path for path, _value in redactions.values(record)]
        assert any(len(path) > 1 for path in paths)
        page = self.press(self.right.request, "preview", chosen=json.dumps([code, pointer, []]), ground=GROUND)
        assert page.content.decode().count("<del>") == len(paths)

    def test_a_value_of_a_record_that_is_left_out_whole_comes_back_with_the_record(self) -> None:
        value = self.place_of("imei")
        code, pointer, _path = value
        case, whole = self.right.request, json.dumps([code, pointer, []])
        page = self.press(case, "preview", chosen=whole, ground=GROUND).content.decode()
        boxes = [json.loads(html.unescape(one)) for one in re.findall(r'name="chosen" value="([^"]+)"', page)]
        assert [one for one in boxes if one[1] == pointer] == [[code, pointer, []]]
        assert len({one[1] for one in boxes}) > 1
        with pytest.raises(rights.NoGround, match="기록 전체를 선택"):
            self.put_back(value)
        self.press(case, "preview", chosen=whole, confirmed="put-back")
        assert self.row().redactions == []

    def test_a_value_that_its_record_no_longer_has_is_named_and_put_back(self) -> None:
        self.leave_out("imei")
        (mark,) = self.row().redactions
        Right.objects.filter(id=self.right.id).update(redactions=[{**mark, "path": ["zebra"]}])
        token = json.dumps([mark["category"], mark["record"], ["zebra"]])
        page = self.press(self.right.request, "preview").content.decode()
        assert html.escape(token) in page
        self.press(self.right.request, "preview", chosen=token, confirmed="put-back")
        assert self.row().redactions == []

    def test_garbage_in_the_place_or_the_ticks_opens_the_beginning(self) -> None:
        case = self.right.request
        for place in ("{", "[]", '{"category": 99}', '{"category": "x"}', '{"category": -1}'):
            assert (
                factory.imei(1) in self.press(case, "preview", place=place, chosen="{", ground=GROUND).content.decode()
            )
        assert self.row().redactions == []

    def test_who_may_not_decide_sees_no_box_to_tick(self) -> None:
        self.client.force_login(self.hana)
        page = self.press(self.right.request, "preview").content.decode()
        assert factory.imei(1) in page
        assert 'name="chosen"' not in page
        assert 'value="yes"' not in page

    def test_the_button_is_offered_until_it_is_handed_out(self) -> None:
        assert 'value="preview"' in self.page(self.right.request)
        self.released()
        assert 'value="preview"' not in self.page(self.right.request)
