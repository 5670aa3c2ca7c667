"""The forwarding process of ``make demo`` and ``make run``: one port of this machine, before pages and intake.

For development; in production a reverse proxy does this (``check --deploy``, config.E021). A request is read whole,
judged strictly and written anew: what could be read in two ways is refused with 400 and never forwarded (RFC 9112, 11).
"""

import asyncio
import re
import sys
from contextlib import ExitStack, closing, suppress
from typing import NamedTuple

HOST, MAX_HEAD, MAX_BODY, BLOCK = "127.0.0.1", 16 * 2**10, 16 * 2**20, 64 * 2**10
HEAD_SECONDS, BODY_SECONDS, WRITE_SECONDS, ANSWER_SECONDS = 10, 60, 30, 120
REQUEST_LINE = re.compile(r"([A-Z]{1,16}) (/[\x21-\x7e]*) HTTP/1\.1")
STATUS_LINE = re.compile(r"HTTP/1\.1 (\d{3}) [^\r\n]*")
HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)")
LENGTH, CHUNK = re.compile(r"[0-9]{1,9}"), re.compile(rb"([0-9A-Fa-f]{1,7})\r\n")
# Of one connection alone (RFC 9110, 7.6.1), or said anew here: nobody is believed about their own address.
DROPPED = {"connection", "keep-alive", "te", "trailer", "upgrade", "expect", "content-length", "transfer-encoding"}
SAID_ANEW = re.compile(".*_|x-forwarded-|forwarded|proxy-", re.IGNORECASE)
PLACES, BODIES = asyncio.Semaphore(512), asyncio.Semaphore(16)


class Refused(Exception):
    """What is not forwarded; the argument is the status of the answer."""


class Head(NamedTuple):
    """The first line of a message, matched, and its headers."""

    line: re.Match[str]
    headers: list[tuple[str, str]]

    def one(self, name: str) -> str | None:
        """Return the value of a header that may come once. Raises Refused."""
        found = [value for each, value in self.headers if each.lower() == name]
        if len(found) > 1 or found == [""]:
            raise Refused(400)
        return found[0] if found else None

    def written(self, **said: str) -> bytes:
        """Return what goes on, with what is said anew. An underscore would pass for another header's dash in WSGI."""
        own = {word.strip().lower() for word in (self.one("connection") or "").split(",")} - {"host"}
        kept = [(n, v) for n, v in self.headers if n.lower() not in DROPPED | own and not SAID_ANEW.match(n)]
        return "\r\n".join([self.line[0], *(f"{n}: {v}" for n, v in [*kept, *said.items()]), "", ""]).encode("latin-1")

    def length(self) -> int | None:
        """Return how long the body is; nothing for chunks. Raises Refused where that could be read in two ways."""
        length, encoding = self.one("content-length"), self.one("transfer-encoding")
        if (encoding or "chunked").lower() != "chunked" or (length and (encoding or not LENGTH.fullmatch(length))):
            raise Refused(400)
        return int(length or 0) if encoding is None else None


async def read_head(reader: asyncio.StreamReader, first: re.Pattern[str], limit: int) -> Head:
    """Read the lines before a body; each ends with CRLF, none is folded. Raises Refused."""
    lines: list[str] = []
    while not lines or lines[-1]:
        line = await reader.readuntil(b"\n")
        limit -= len(line)
        if limit < 0 or not line.endswith(b"\r\n"):
            raise Refused(400)
        lines.append(line[:-2].decode("latin-1"))
    start, headers = first.fullmatch(lines[0]), [HEADER.fullmatch(each) for each in lines[1:-1]]
    if start is None or None in headers:
        raise Refused(400)
    return Head(start, [(each[1], each[2].rstrip(" \t")) for each in headers if each])


async def read_chunks(reader: asyncio.StreamReader) -> bytes:
    """Return a body that comes in chunks. Raises Refused."""
    body, chunk = bytearray(), b""
    while chunk != b"\r\n":
        size = CHUNK.fullmatch(await reader.readuntil(b"\r\n"))
        if size is None or len(body) + int(size[1], 16) > MAX_BODY:
            raise Refused(413 if size else 400)
        chunk = await reader.readexactly(int(size[1], 16) + 2)
        if not chunk.endswith(b"\r\n"):
            raise Refused(400)
        body += chunk[:-2]
    return bytes(body)


async def pass_back(answer: Head, source: asyncio.StreamReader, writer: asyncio.StreamWriter, *, bare: bool) -> bool:
    """Hand an answer to the client; return whether its end is known, so that another request can follow."""
    length = answer.one("content-length")
    chunked = {"Transfer-Encoding": "chunked"} if answer.length() is None else {}
    writer.write(answer.written(**({"Content-Length": length} if length else chunked)))
    left = 0 if bare or answer.line[1] in ("204", "304") else int(length) if length else None
    while left != 0 and (block := await source.read(min(BLOCK, left or BLOCK))):
        writer.write(block)
        left = None if left is None else left - len(block)
        async with asyncio.timeout(WRITE_SECONDS):
            await writer.drain()
    return left == 0


class Forwarder(NamedTuple):
    """Takes connections, and hands each request to the process whose address it is for; both by their ports."""

    pages: int
    intake: int

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection, one after the other."""
        with closing(writer), suppress(OSError, EOFError):  # of who is gone, or too slow
            try:
                if PLACES.locked():
                    raise Refused(503)
                async with PLACES:
                    while await self.answer(reader, writer):
                        pass
            except (Refused, asyncio.LimitOverrunError) as refusal:
                status = refusal.args[0] if isinstance(refusal, Refused) else 400
                writer.write(b"HTTP/1.1 %d \r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status)
                writer.write_eof()
                async with asyncio.timeout(1):
                    while await reader.read(BLOCK):  # else what still comes takes the answer from the client
                        pass

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Forward one request; return whether another may follow. Raises Refused."""
        head = await asyncio.wait_for(read_head(reader, REQUEST_LINE, MAX_HEAD), HEAD_SECONDS)
        length, expected = head.length(), head.one("expect") or ""
        if head.one("host") is None or expected.lower() not in ("", "100-continue") or (length or 0) > MAX_BODY:
            raise Refused(413 if (length or 0) > MAX_BODY else 400)
        async with BODIES, asyncio.timeout(BODY_SECONDS):
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" if expected else b"")
            body = await read_chunks(reader) if length is None else await reader.readexactly(length)
        said = {"X-Forwarded-For": writer.get_extra_info("peername")[0], "X-Forwarded-Proto": "http"}
        said |= {"Connection": "close", "Content-Length": str(len(body))}
        port = self.intake if head.line[2].startswith("/api/v1/") else self.pages
        with ExitStack() as stack:
            try:
                source, target = await asyncio.open_connection(HOST, port, limit=4 * MAX_HEAD)
                stack.enter_context(closing(target)).write(head.written(**said) + body)
                answer = await asyncio.wait_for(read_head(source, STATUS_LINE, 4 * MAX_HEAD), ANSWER_SECONDS)
            except (OSError, EOFError) as away:
                raise Refused(502) from away
            known = await pass_back(answer, source, writer, bare=head.line[1] == "HEAD")
        return known and "close" not in (head.one("connection") or "").lower()

    async def run(self, port: int) -> None:
        """Take connections on this machine's own address until the end."""
        await (await asyncio.start_server(self.serve, HOST, port, limit=MAX_HEAD)).serve_forever()


if __name__ == "__main__":
    asyncio.run(Forwarder(*map(int, sys.argv[2:])).run(int(sys.argv[1])))
