"""Forms with files are read with a limit: so large, and so many at a time in one web process (SEC-42)."""

import threading
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from config.middleware import UploadsMiddleware
from devices import fleet_import_files
from privacy.campaigns import letter_reports
from privacy.incidents.admin.forms import MAX_LIST_BYTES, AffectedForm
from privacy.lib.dates import clock
from privacy.lib.documents import upload_validation
from privacy.lib.integrations import mail_parsing
from privacy.policies.admin.published_texts import BYTES, TextForm
from privacy.retention.certificates import authenticity
from privacy.retention.forms import VerifyForm
from tests.base import PortalTestCase

pytestmark = [pytest.mark.attack("17.4"), pytest.mark.asvs("5.2.1", "15.2.2")]


def form(size: int) -> HttpRequest:
    return RequestFactory().post("/rights/case/document/", {"document": SimpleUploadedFile("a.pdf", b"x" * size)})


class Door:
    """A page that takes as long as the test wants."""

    def __init__(self) -> None:
        self.inside = threading.Semaphore(0)
        self.over = threading.Event()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.inside.release()
        assert self.over.wait(30)
        return HttpResponse("ok")


class UploadsTest(PortalTestCase):
    @pytest.mark.asvs("2.4.1", "15.4.1")
    def test_a_fifth_at_a_time_is_told_to_try_again(self) -> None:
        door = Door()
        answer: Callable[[HttpRequest], HttpResponse] = UploadsMiddleware(door)
        first = [threading.Thread(target=answer, args=(form(100_000),)) for _number in range(4)]
        for thread in first:
            thread.start()
        for _thread in first:
            assert door.inside.acquire(timeout=30)
        busy = answer(form(100_000))
        assert (busy.status_code, busy.headers["Retry-After"]) == (503, "20")
        assert "잠시 후 다시" in busy.content.decode()
        door.over.set()
        for thread in first:
            thread.join()
        assert answer(form(100_000)).status_code == 200
        assert answer(RequestFactory().get("/")).status_code == 200

    def test_forms_without_a_file_do_not_wait(self) -> None:
        door = Door()
        door.over.set()
        answer = UploadsMiddleware(door)
        for _number in range(4):
            assert answer.places.acquire(blocking=False)
        assert answer(form(100)).status_code == 200
        assert answer(RequestFactory().post("/", {"a": "b" * 100_000}, "text/plain")).status_code == 200
        assert answer(form(100_000)).status_code == 503

    def test_what_is_too_large_is_refused_before_it_is_read(self) -> None:
        for address in ("/rights/case/document/", "/verify/", "/office/"):
            page = Client().post(address, {"document": SimpleUploadedFile("a.pdf", b"x" * (13 * 2**20))}, secure=True)
            assert page.status_code == 413, address
            assert "10MB" in page.content.decode()
            assert page.headers["Cache-Control"] == "no-store"

    def test_every_door_refuses_what_is_larger_than_it_takes_before_it_is_looked_at(self) -> None:
        """Papers, mails, lists and reports in tables by their readers; what others read by its form."""
        for read, most, refusal in (
            (upload_validation.recognise_upload, upload_validation.MAX_BYTES, upload_validation.InvalidUpload),
            (mail_parsing.parse_mail, mail_parsing.MAX_BYTES, mail_parsing.UnreadableMail),
            (lambda content: letter_reports.read("a.csv", content), letter_reports.MAX_BYTES,
             letter_reports.UnreadableReport),
            (lambda content: list(fleet_import_files.read_rows("a.csv", content)), fleet_import_files.MAX_BYTES,
             fleet_import_files.UnreadableFile),
        ):  # fmt: skip
            with pytest.raises(refusal, match=r"larger|too-large|보다 큽니다|넘습니다|까지"):
                read(b"%PDF-1.7\n" + b"x" * most)
        affected = type("Affected", (AffectedForm,), {"on": clock.today()})
        for form, most in (
            (VerifyForm, authenticity.MAX_UPLOAD_BYTES), (TextForm, BYTES), (affected, MAX_LIST_BYTES)
        ):  # fmt: skip
            file = SimpleUploadedFile("a.txt", b"x" * (most + 1))
            assert "file" in form({}, {"file": file}).errors, form
            assert file.tell() == 0, form
