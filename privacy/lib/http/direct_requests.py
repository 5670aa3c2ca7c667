"""Requests to an address that an operator set, and to no other: whoever answers there leads us nowhere else."""

import urllib.request
from http.client import HTTPMessage
from typing import IO


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Leaves a redirect as the answer that it is: an HTTPError with its status."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


OPENER = urllib.request.build_opener(_NoRedirects)
