"""Which records and values a mark leaves out, whatever came, went or changed since it was made (law R-12)."""

from typing import Any

from privacy.rights.access_package import redactions
from privacy.rights.access_package.redactions import BLACKED_OUT, Redaction
from privacy.subjects import holdings
from tests.base import PortalTestCase

GROUND = "property-or-interests"
SPANS = ((0, 2), (1, 3), (5, 6))


class PlaceTests(PortalTestCase):
    """A place that reads otherwise than when it was marked is left out whole."""

    def given(self, record: dict[str, Any], *marks: Redaction) -> dict[str, Any]:
        (shown,) = redactions.redacted("c", [record], marks)
        return shown

    def test_a_passage_of_a_text_that_changed(self) -> None:
        mark = Redaction("c", "case:1#0", ("text",), GROUND, 2, 4, redactions.text_digest("abcdef"))
        assert self.given({"case": "1", "text": "abcdef"}, mark)["text"] == f"ab{BLACKED_OUT}ef"
        assert self.given({"case": "1", "text": "abcdefg"}, mark)["text"] == BLACKED_OUT
        assert self.given({"case": "1", "text": "bcdefa"}, mark)["text"] == BLACKED_OUT
        assert self.given({"case": "1", "text": ["abcdef"]}, mark)["text"] == BLACKED_OUT

    def test_passages_that_touch_or_lie_over_each_other(self) -> None:
        digest = redactions.text_digest("abcdef")
        marks = [Redaction("c", "case:1#0", ("text",), GROUND, *span, digest) for span in SPANS]
        assert self.given({"case": "1", "text": "abcdef"}, *marks)["text"] == f"{BLACKED_OUT}de{BLACKED_OUT}"

    def test_inner_values_and_everything_under_them(self) -> None:
        record = {"report": "r", "body": {"state": "on", "deep": {"a": "x", "b": "y"}}}
        shown = self.given(record, Redaction("c", "report:r#0", ("body", "deep"), GROUND))
        assert shown["body"] == {"state": "on", "deep": BLACKED_OUT}

    def test_a_mark_stays_with_the_record_that_was_seen(self) -> None:
        """Whichever records of the case came or went; where it is gone or says something else, none is given."""
        pointer = redactions.pointer_of({"case": "1", "explanation": "b"})
        mark = Redaction("c", pointer, ("explanation",), GROUND)
        for texts, shown in (
            ("ab", ["a", BLACKED_OUT]),
            ("b", [BLACKED_OUT]),
            ("bc", [BLACKED_OUT, "c"]),
            ("cab", ["c", "a", BLACKED_OUT]),
            ("ac", [BLACKED_OUT] * 2),
        ):
            words = [{"case": "1", "explanation": text} for text in texts]
            assert [one["explanation"] for one in redactions.redacted("c", words, [mark])] == shown
            assert redactions.redacted("d", words, [mark]) == words

    def test_a_mark_that_told_records_by_their_number_leaves_all_of_them_out(self) -> None:
        kept = {**Redaction("c", "case:1#1", ("explanation",), GROUND).as_kept(), "alike": 2}
        words = [{"case": "1", "explanation": text} for text in "ab"]
        shown = redactions.redacted("c", words, redactions.of_right([kept]))
        assert {one["explanation"] for one in shown} == {BLACKED_OUT}

    def test_every_record_that_is_exported_can_be_told_apart(self) -> None:
        assert sorted(one.label for one in holdings.all_holdings() if one.export is not None) == [
            "devices.applog", "devices.device", "devices.licence", "devices.report", "rights.particulars",
            "subjects.contact",
        ]  # fmt: skip
