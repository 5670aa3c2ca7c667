"""Files of strangers are read by a process that has nothing, may take little, and ends when it takes more."""

import base64
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import zlib
from contextlib import ExitStack
from pathlib import Path
from unittest import mock

import pikepdf
import psutil
import pytest
from django.conf import settings
from django.db import connection

from privacy.lib.documents.upload_validation import LIMITS
from privacy.lib.postgres import advisory_locks
from privacy.lib.sandbox import pdf_files, rejection, runner
from privacy.lib.sandbox.rejection import Rejected
from privacy.lib.sandbox.runner import Busy, Limits, NoVerdict
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.hostile_files import costly_pdf
from tests.sample_uploads import PDF, jbig2, jpeg, jpeg_2000, pdf, stream

pytestmark = [pytest.mark.attack("17.4"), pytest.mark.asvs("5.2.5", "5.3.3", "15.2.5")]


def probe(**wished: list[object]) -> dict[str, object]:
    (found,) = runner.answers("probe", json.dumps(wished).encode(), LIMITS)
    return dict(found)


def code_of(paper: bytes) -> str:
    """Return why a PDF is not taken, as the child says it, without starting one."""
    try:
        list(pdf_files.read(paper))
    except Rejected as rejected:
        return rejected.code
    except (struct.error, LookupError, ValueError, pikepdf.PdfError):
        return rejection.DAMAGED
    return ""


def children() -> set[psutil.Process]:
    """What this process started and is still there; a browser of other tests is, too."""
    return set(psutil.Process().children(recursive=True))


class SandboxTest(PortalTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.before = children()

    def left(self) -> set[psutil.Process]:
        return children() - self.before

    def test_it_reaches_no_file_no_key_no_port_and_starts_nothing(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            paths = [str(settings.MASTER_KEY_FILE), str(settings.INDEX_KEY_FILE), "/etc/hostname", "/proc/self/mem"]
            assert all(os.access(path, os.R_OK) for path in paths[:3])
            found = probe(paths=paths, ports=[port])
        assert found["reached"] == []

    def test_it_has_no_environment_and_is_not_root(self) -> None:
        found = probe()
        assert set(found["environment"]) <= {"LC_CTYPE"}  # type: ignore[call-overload]
        assert found["uid"] != 0

    def test_it_has_a_network_of_its_own(self) -> None:
        if os.system("unshare --user --net true") != 0:
            pytest.skip("this kernel gives no namespaces to unprivileged users")
        assert probe()["network"] != str(Path("/proc/self/ns/net").readlink())

    def test_a_picture_that_unpacks_without_end_is_refused_behind_any_filter(self) -> None:
        large = zlib.compress(b"\0" * 1_000_000)
        for filters, body in {
            b"/FlateDecode": large,
            b"/FlateDecode /FlateDecode": zlib.compress(large),
            b"/ASCIIHexDecode /FlateDecode": large.hex().encode() + b">",
            b"/A85 /Fl": base64.a85encode(large) + b"~>",
            b"/RunLengthDecode": b"\x81\0\x80",
        }.items():
            picture = stream(body, more=b"/Subtype /Image /Filter [%s /DCTDecode] " % filters, packed=False)
            with mock.patch.object(pdf_files, "MAX_UNPACKED", 500_000), pytest.raises(Rejected) as refused:
                list(pdf_files.read(pdf(picture)))
            assert str(refused.value) == rejection.TOO_LARGE_UNPACKED, filters
        sound = jpeg()
        for filters, body in {
            b"/AHx": sound.hex(" ").encode() + b">",
            b"/A85": b"<~" + base64.a85encode(sound) + b"~>",
            b"": sound,
        }.items():
            picture = stream(body, more=b"/Subtype /Image /Filter [%s /DCTDecode] " % filters, packed=False)
            list(pdf_files.read(pdf(picture)))

    def test_a_picture_in_a_pdf_is_as_large_as_it_says_itself(self) -> None:
        for size in (60_000, 100):
            said = b"/Subtype /Image /Width 1 /Height 1 /Filter /DCTDecode "
            made = pdf(stream(jpeg(size, size), more=said, packed=False))
            if size > 100:
                with pytest.raises(Rejected, match=rejection.TOO_MANY_PIXELS):
                    runner.judge("pdf_files", made, LIMITS)
            else:
                runner.judge("pdf_files", made, LIMITS)

    def test_a_picture_in_a_pdf_is_measured_or_refused(self) -> None:
        """By each size that a program may believe; what shows its size only when it is unpacked is not taken."""
        made = jpeg_2000()
        lies = made.replace(struct.pack(">IIII", 8, 8, 0, 0), struct.pack(">IIII", 60_000, 60_000, 0, 0), 1)
        page = jbig2(48, struct.pack(">IIIIBH", 8, 8, 0, 0, 0, 0))
        region = struct.pack(">IIIIB", 8, 8, 0, 0, 0)
        many, unmeasured, damaged = rejection.TOO_MANY_PIXELS, rejection.UNMEASURED, rejection.DAMAGED
        pictures: list[tuple[bytes, bytes, str]] = [
            (b"/DCTDecode", jpeg(), ""), (b"/DCTDecode", b"\n" + jpeg(60_000, 60_000), damaged),
            (b"/DCTDecode", jpeg()[:-2] + jpeg(60_000, 60_000)[2:], many),
            (b"/DCTDecode", jpeg(100, 0), damaged),
            (b"/JPXDecode", made, ""), (b"/JPXDecode", made[made.index(b"\xff\x4f\xff\x51") :], ""),
            (b"/JPXDecode", lies, many), (b"/JPXDecode", lies[lies.index(b"\xff\x4f\xff\x51") :], many),
            (b"/JPXDecode", b"\n" + made, damaged), (b"/JPXDecode", made[:40], damaged),
            (b"/CCITTFaxDecode /DecodeParms << /K -1 /Columns 1728 >>", b"\0", ""),
            (b"/CCITTFaxDecode /DecodeParms << /K -1 /Columns 60000000 >>", b"\0", many),
            (b"/CCITTFaxDecode /DecodeParms << /Columns 6000 /Rows 60000 >>", b"\0", many),
            (b"[ /FlateDecode /CCF ] /DecodeParms << /Columns 60000000 >>", zlib.compress(b"\0"), damaged),
            (b"/CCF /DP << /Columns 60000000 >>", b"\0", damaged),
            (b"/JBIG2Decode", page + jbig2(38, region) + jbig2(49, b""), ""),
            (b"/JBIG2Decode", jbig2(48, struct.pack(">IIIIBH", 60_000, 60_000, 0, 0, 0, 0)), many),
            (b"/JBIG2Decode", page + jbig2(38, struct.pack(">IIIIB", 8, 8, 0, 60_000_000, 0)), many),
            (b"/JBIG2Decode", page + jbig2(36, struct.pack(">IIIIB", 60_000, 60_000, 0, 0, 0)), many),
            (b"/JBIG2Decode", page + jbig2(0, b"\0" * 18), unmeasured), (b"/JBIG2Decode", b"", damaged),
            (b"/JBIG2Decode", jbig2(38, region), damaged),
        ]  # fmt: skip
        for kind, body, why in pictures:
            with self.subTest(kind=kind, size=len(body)):
                said = b"/Subtype /Image /Width 8 /Height 8 /Filter %s " % kind
                assert code_of(pdf(stream(body, more=said, packed=False))) == why

    def test_a_picture_between_what_is_drawn_is_measured_too(self) -> None:
        """On a page, in a form and in a letter that is drawn; also one that begins in one part and ends in another."""
        many = rejection.TOO_MANY_PIXELS
        small = b"BI /W 8 /H 8 /BPC 8 /CS /G ID " + b"x" * 64 + b" EI"
        sides, inside = b"BI /W 60000 /H#20 1 ", b"BI /W 8 /H 8 /CS /G /BPC 8 /F /DCT ID "
        large = b"BI /W 60000 /H 60000 /BPC 8 /CS /G /F /Fl ID x EI"
        for content, why in {
            small: "", large: many, b"(BI ID) Tj q Q": "", inside + jpeg() + b" EI": "",
            inside + jpeg(60_000, 60_000) + b" EI": many, sides + b"/H 60000 ID x EI": many,
            b"BI /W 8 /H 8 /F /CCF /DP << /Columns 60000000 >> ID x EI": many,
        }.items():  # fmt: skip
            with self.subTest(content[:60]):
                assert code_of(pdf(stream(content), page=b"/Contents 4 0 R")) == why
        parted = pdf(stream(large[:12]), stream(large[12:]), page=b"/Contents [4 0 R 5 0 R]")
        form = pdf(stream(large, more=b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] "))
        letters = pdf(stream(large), b"<< /Type /Font /Subtype /Type3 /CharProcs << /a 4 0 R >> >>")
        look, states = (
            pdf(stream(large), b"<< /Type /Annot /AP << /N %s >> >>" % to) for to in (b"4 0 R", b"<< /On 4 0 R >>")
        )
        assert [code_of(one) for one in (parted, form, letters, look, states)] == [many] * 5

    def test_what_takes_too_long_is_ended(self) -> None:
        begun = time.monotonic()
        with pytest.raises(Rejected) as refused:
            runner.judge("pdf_files", costly_pdf(), Limits(seconds=2, clock_seconds=60))
        assert refused.value.code == rejection.TOO_COSTLY
        assert time.monotonic() - begun < 60
        assert not self.left()

    def test_what_takes_too_much_memory_is_ended(self) -> None:
        with pytest.raises(Rejected):
            runner.judge("pdf_files", pdf(stream(b"\0" * (600 * 2**20))), LIMITS)
        assert not self.left()

    def test_a_child_that_outlives_its_time_by_the_clock_is_killed(self) -> None:
        """A machine that is too busy says nothing of the file: it is read again."""
        with pytest.raises(NoVerdict):
            runner.judge("pdf_files", costly_pdf(), Limits(seconds=60, clock_seconds=1))
        assert not self.left()

    def test_a_child_that_somebody_ended_says_nothing_of_the_file(self) -> None:
        """The kernel short of memory, or whoever stops the worker: the file is neither clean nor hostile."""
        # Whoever starts the tests in the background has them ignore some; a child inherits that.
        sent = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        for number in (number for number in sent if signal.getsignal(number) != signal.SIG_IGN):
            with self.subTest(number), pytest.raises(NoVerdict):
                self.signalled(number)

    def test_a_child_that_fell_over_the_file_refuses_it(self) -> None:
        for number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL):
            with self.subTest(number), pytest.raises(Rejected) as refused:
                self.signalled(number)
            assert refused.value.code == rejection.DAMAGED

    def signalled(self, number: int) -> None:
        """Judge a file whose reader gets a signal as soon as it runs."""

        def send() -> None:
            deadline = time.monotonic() + 20
            while not (mine := self.left()) and time.monotonic() < deadline:
                time.sleep(0.01)
            for child in mine:
                child.send_signal(number)

        sender = threading.Thread(target=send)
        sender.start()
        try:
            runner.judge("pdf_files", costly_pdf(), Limits(seconds=20, clock_seconds=20))
        finally:
            sender.join()

    def test_what_answers_too_much_is_ended(self) -> None:
        with pytest.raises(Rejected):
            list(runner.answers("spreadsheet_files", b"model\n" + b"a,b\n" * 100_000, Limits(output=10_000)))

    def test_the_two_places_are_counted_over_all(self) -> None:
        with ExitStack() as held:
            for place in runner.PLACES:
                assert held.enter_context(advisory_locks.try_lock(runner.SPACE, place))
            # The same session could take its own lock again: another asks.
            refused: list[BaseException] = []

            def ask() -> None:
                try:
                    runner.judge("pdf_files", PDF, LIMITS)
                except Busy as busy:
                    refused.append(busy)
                finally:
                    connection.close()

            other = threading.Thread(target=ask)
            other.start()
            other.join()
        assert len(refused) == 1
        runner.judge("pdf_files", PDF, LIMITS)


def test_a_killed_worker_leaves_no_child_behind(portal_database: PortalDatabase) -> None:
    script = (
        "import os, django; django.setup();"
        "from privacy.lib.sandbox import runner; from tests.hostile_files import costly_pdf;"
        "print('begun', flush=True);"
        "runner.judge('pdf_files', costly_pdf(), runner.Limits(seconds=60, clock_seconds=60))"
    )
    environ = {**portal_database.environ("portal_app"), "DJANGO_SETTINGS_MODULE": "config.settings"}
    with subprocess.Popen([sys.executable, "-c", script], env=environ, stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"begun\n"
        process = psutil.Process(worker.pid)
        deadline = time.monotonic() + 30
        while not (started := process.children()) and time.monotonic() < deadline:
            continue
        worker.kill()
    assert started
    _gone, alive = psutil.wait_procs(started, timeout=20)
    assert not alive


@pytest.mark.truth("e018-names-another-cause")
def test_what_the_reader_of_uploads_reaches_is_named() -> None:
    found = {"reached": ["/etc/portal/master.key", "process"], "network": "net:[1]"}
    said = ["it reads /etc/portal/master.key", "it starts other processes"]
    assert runner.what_is_shared(found, network="net:[2]") == said
    assert runner.what_is_shared(found, network="net:[1]") == [*said, "it has the network of this one"]
