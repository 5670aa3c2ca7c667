"""What is put on record while an answer is sent piece by piece was done in the request that asked for it."""

from collections.abc import Iterator

import pytest
from django.http import HttpRequest, StreamingHttpResponse
from django.test import RequestFactory

from privacy.ledger import request_context
from privacy.ledger.entries.payloads import parse_payload
from privacy.ledger.middleware import RequestContextMiddleware
from privacy.rights import actions as rights
from privacy.rights.actions import RequestedRight
from privacy.rights.models import Package
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON
from tests.privacy.rights.test_access_package_freshness import granted


@pytest.mark.truth("hunt")
class StreamedAnswers(PortalTestCase):
    def streamed(self, pieces: Iterator[bytes]) -> StreamingHttpResponse:
        def view(_request: HttpRequest) -> StreamingHttpResponse:
            return StreamingHttpResponse(pieces)

        request = RequestFactory().get("/ko/my/", REMOTE_ADDR="203.0.113.9")
        answer = RequestContextMiddleware(view)(request)
        assert isinstance(answer, StreamingHttpResponse)
        return answer

    def test_a_download_says_from_where_it_was_fetched(self) -> None:
        factory.make_device(1)
        (access,) = granted(RequestedRight("access"), target=factory.imei(1))
        rights.carry_out(access, actor=factory.make_officer(), at=NOON)
        answer = self.streamed(rights.download(Package.objects.get(), confirmed=True, at=NOON))
        assert b"".join(answer.streaming_content).startswith(b"PK")
        said = parse_payload(self.assertLedgered("rights.package.downloaded").payload)
        assert (said.get("from"), said.get("door")) == ("203.0.113.9", "public")
        assert said["request"] == answer.headers["X-Request-ID"]

    def test_between_two_pieces_the_request_is_not_the_server_s(self) -> None:
        def pieces() -> Iterator[bytes]:
            for _piece in range(2):
                yield request_context.current().address.encode()

        before = request_context.current()
        for piece in self.streamed(pieces()).streaming_content:
            assert piece == b"203.0.113.9"
            assert request_context.current() == before
