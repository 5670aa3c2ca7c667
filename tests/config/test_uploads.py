"""Forms with files are read with a limit: so large, and so many at a time in one web process (SEC-42)."""

import threading
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from config.middleware import UploadsMiddleware
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
