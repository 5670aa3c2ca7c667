"""What is not exactly the JSON it should be is malformed, never an error of ours (SEC-36, SEC-37)."""

import gzip
import json
import tracemalloc
import zlib
from uuid import uuid4

import pytest
from django.utils.translation import gettext

from devices.batch_parser import parse_batch
from devices.models import Report
from devices.refusals import Malformed
from devices.report_schema import MAX_BODY
from tests import factory
from tests.devices.base import ApiTestCase


@pytest.mark.asvs("2.2.1", "2.2.2")
class StrictTest(ApiTestCase):
    def batch(self, report: str, envelope: str = "") -> bytes:
        return f'{{"batch":"{uuid4()}"{envelope},"reports":[{report}]}}'.encode()

    @pytest.mark.asvs("15.3.3")
    def test_a_batch_that_is_no_batch(self) -> None:
        report = json.dumps(self.report(self.device()))
        broken = [
            b"", b"{", b"[]", b"null", b"1", b'"x"', b"\xff\xfe", b"\xef\xbb\xbf{}", b"{} {}", b"{'batch': 1}",
            b'{"batch": "x", "reports": []}', b'{"batch": 1}', self.batch(report)[:-2],
            self.batch(report, f',"batch":"{uuid4()}"'), self.batch(report, ',"extra":1'),
            self.batch("[" * 100_000 + "]" * 100_000), self.batch(report.replace('"active"', "NaN")),
            self.batch(report.replace('"active"', '"\\ud800"')), self.batch(report.replace('"active"', '"\x00"')),
        ]  # fmt: skip
        for raw in broken:
            response = self.call("POST", "/reports", raw=raw)
            self.assertProblem(response, 400, response.json()["code"])
        assert not Report.objects.exists()

    @pytest.mark.asvs("1.1.1", "1.5.3", "15.3.7")
    def test_a_name_that_stands_twice(self) -> None:
        report = json.dumps(self.report(self.device()))
        for doubled in (
            report[:-1] + ', "kind": "status"}',
            report.replace('{"state": "active"}', '{"state": "locked", "state": "active"}'),
            report.replace('{"state": "active"}', '{"state": "active", "\\u0073tate": "active"}'),
        ):
            self.assertRefused(self.call("POST", "/reports", raw=self.batch(doubled)), "malformed")
        assert not Report.objects.exists()

    def test_escapes_and_quotation_marks_are_no_trouble(self) -> None:
        device = self.device(agreed=("activation", "service-analytics", "app-log"))
        for text in ('a "quoted" \\ path', "\\\\", '\\"', "line\nline\ttab", "한글 메시지 😀", "\\u0000 as text", '"'):
            report = self.report(device, "app-log", body={"level": "info", "message": text})
            response = self.send(self.report(device), report)
            assert response.json()["stored"] == 2, (text, response.json())

    @pytest.mark.asvs("1.1.1", "1.3.3")
    def test_control_characters_and_overrides_are_malformed(self) -> None:
        device = self.device(agreed=("activation", "service-analytics", "app-log"))
        for text in ("a\x00b", "a\x1bb", "a\u202eb", "a\x7fb", "a\u2066b"):
            report = self.report(device, "app-log", body={"level": "info", "message": text})
            self.assertRefused(self.send(report), "malformed", "/reports/0/body/message")
            response = self.call("PUT", f"/devices/{uuid4()}", factory.registration(model=text))
            self.assertProblem(response, 400, "malformed", "/model")

    @pytest.mark.asvs("1.3.3")
    def test_too_long_a_text_is_too_large(self) -> None:
        device = self.device(agreed=("activation", "service-analytics", "app-log"))
        for text in ("a" * 8_193, "가" * 2_731):
            report = self.report(device, "app-log", body={"level": "info", "message": text})
            self.assertRefused(self.send(report), "too-large", "/reports/0/body/message")
        report = self.report(device, "app-log", body={"level": "info", "message": "a" * 8_192})
        assert self.send(report).json()["stored"] == 1

    def test_a_small_call_is_read_as_strictly(self) -> None:
        path = f"/devices/{uuid4()}"
        good = json.dumps(factory.registration())
        for raw in (
            b"", b"{", b"[]", b"null", b"\xff", good[:-1].encode() + b', "model": "twice"}', b'{"model": NaN}',
            b'{"model": "\\ud800"}', b'{"model":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
        ):  # fmt: skip
            self.assertProblem(self.call("PUT", path, raw=raw), 400, "malformed")
        deep = factory.registration(licence=json.loads("[" * 20 + "]" * 20))
        self.assertProblem(self.call("PUT", path, deep), 400, "malformed")

    @pytest.mark.asvs("15.3.5")
    def test_values_of_another_type_are_malformed(self) -> None:
        for changes in ({"model": 5}, {"model": None}, {"model": ["a"]}, {"imei": 356900100000014}, {"licence": "x"}):
            response = self.call("PUT", f"/devices/{uuid4()}", factory.registration(**changes))
            self.assertProblem(response, 400, "malformed", f"/{next(iter(changes))}")
        for day in ("2026-02-30", "2026-1-1", 20260101, "2026-01-01T00:00:00Z"):
            licence = {"key": "K", "starts_on": day, "ends_on": "2026-12-31"}
            response = self.call("PUT", f"/devices/{uuid4()}", factory.registration(licence=licence))
            self.assertProblem(response, 400, "malformed", "/licence/starts_on")
        self.assertProblem(self.call("PUT", "/devices/not-a-uuid", factory.registration()), 400, "malformed")


@pytest.mark.asvs("1.1.1", "5.2.3")
class BodyTest(ApiTestCase):
    def test_a_packed_batch_is_read(self) -> None:
        assert self.send(self.report(self.device()), packed=True).json()["stored"] == 1

    @pytest.mark.asvs("5.2.1", "15.2.5")
    def test_a_bomb_is_not_unpacked(self) -> None:
        bomb = gzip.compress(b" " * (64 * 1024 * 1024))
        assert len(bomb) < 100_000
        response = self.call("POST", "/reports", raw=bomb, **{"Content-Encoding": "gzip"})
        self.assertProblem(response, 413, "too-large")

    def test_a_damaged_or_doubled_stream_is_malformed(self) -> None:
        packed = gzip.compress(factory.make_batch(self.report(self.device())))
        for raw in (packed[:-9], packed[:20], b"not gzip", packed + packed, packed + b"x", zlib.compress(b"{}")):
            response = self.call("POST", "/reports", raw=raw, **{"Content-Encoding": "gzip"})
            self.assertProblem(response, 400, "malformed")

    @pytest.mark.truth("gzip-stream-that-is-sound")
    def test_what_stands_behind_a_sound_stream_is_not_called_damage(self) -> None:
        packed = gzip.compress(factory.make_batch(self.report(self.device())))
        for raw, said in ((packed + packed, "Send one gzip stream and nothing after it."), (packed[:-9], "damaged")):
            response = self.call("POST", "/reports", raw=raw, **{"Content-Encoding": "gzip"})
            told = {gettext("The gzip stream is damaged."): "damaged", gettext(said): said}
            assert told[response.json()["errors"][0]["message"]] == said

    def test_other_types_and_packings_are_not_read(self) -> None:
        raw = factory.make_batch(self.report(self.device()))
        for headers in ({"Content-Encoding": "br"}, {"Content-Encoding": "gzip, gzip"}):
            self.assertProblem(self.call("POST", "/reports", raw=raw, **headers), 415, "media-type")
        response = self.client.post(
            "/api/v1/reports", raw, content_type="text/plain", headers={"Authorization": f"Bearer {self.token}"}
        )
        self.assertProblem(response, 415, "media-type")

    @pytest.mark.asvs("5.2.1")
    def test_too_large_a_body_is_refused_before_it_is_read(self) -> None:
        self.assertProblem(self.call("POST", "/reports", raw=b" " * (MAX_BODY + 1)), 413, "too-large")
        self.assertProblem(self.call("PUT", f"/devices/{uuid4()}", raw=b" " * 70_000), 413, "too-large")


@pytest.mark.truth("twelve-mebibytes-of-ones")
@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ('"reports":[' + "1," * 500_000 + "1]", ("/reports", "too-large")),
        ('"reports":[[' + "{}," * 300_000 + "1]]", ("", "too-large")),
        ('"reports":[],"more":[' + "{}," * 300_000 + "1]", ("/more", "unknown-item")),
        (",".join(f'"{place}":1' for place in range(100_000)), ("", "unknown-item")),
        ('"reports" : "x"', ("/reports", "malformed")),
    ],
)
def test_a_small_bomb_makes_no_large_objects(rest: str, said: tuple[str, str]) -> None:
    """A body within the limit takes about its own size again, whatever it lists."""
    raw = f'{{"batch":"{uuid4()}",{rest}}}'.encode()
    tracemalloc.start()
    try:
        try:
            problem = parse_batch(raw).refused[0].problem
        except Malformed as refusal:
            problem = refusal.problems[0]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (problem.pointer, problem.code) == said
    assert peak < 4 * len(raw) + 500_000
