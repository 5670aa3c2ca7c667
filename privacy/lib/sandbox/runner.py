"""Start the child, bound what it may cost, and read its answers. Nothing of a stranger's file is read in here."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from privacy.lib.postgres import advisory_locks
from privacy.lib.sandbox.rejection import DAMAGED, TOO_COSTLY, Rejected

ROOT = Path(__file__).resolve().parents[3]
START = "import sys; sys.path.insert(0, sys.argv[1]); from privacy.lib.sandbox.child import main; main(*sys.argv[2:])"
# A two-part key of PostgreSQL's advisory locks: the first part is this package's, the second one of the places.
SPACE, PLACES = 0x53414E44, (1, 2)
# What a reader gets that a file, or the limit of memory, brings to fall. Any other signal comes from outside: from a
# kernel short of memory, or from whoever stops the worker.
FALLS = {signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL, signal.SIGSYS, signal.SIGTRAP}


class NoVerdict(Exception):
    """The child came to no end of its own: nothing is said of the file. It is read again later."""


class Busy(NoVerdict):
    """As many files as may be are being read by all processes of the portal."""


@dataclass(frozen=True)
class Limits:
    """What reading one file may cost: seconds of the processor and of the clock, bytes of memory and of answers."""

    seconds: int = 5
    clock_seconds: int = 25
    memory: int = 512 * 2**20
    output: int = 2**20


def answers(program: str, content: bytes, limits: Limits) -> Iterator[Any]:
    """Yield what a program of this package answers to a file. Raises Rejected, Busy, NoVerdict.

    The answers were made before the first is yielded; whether they are complete is known after the last.
    """
    with _memory_file() as given, _memory_file() as answer:
        given.write(content)
        given.seek(0)
        with _place():
            _run(program, given, answer, limits)
        answer.seek(0)
        yield from _lines(answer)


def judge(program: str, content: bytes, limits: Limits) -> None:
    """Let a program of this package judge a file. Raises Rejected, Busy, NoVerdict."""
    for _answer in answers(program, content, limits):
        continue


def what_is_shared(found: Mapping[str, Any], *, network: str) -> list[str]:
    """Return in words what a probe found within its reach, of files, processes and this process's ``network``."""
    shared = ["it starts other processes" if one == "process" else f"it reads {one}" for one in found["reached"]]
    return [*shared, *(["it has the network of this one"] if found["network"] == network else [])]


def _run(program: str, given: BinaryIO, answer: BinaryIO, limits: Limits) -> None:
    with subprocess.Popen(  # noqa: S603 - the command is ours
        _command(program, limits), stdin=given, stdout=answer, stderr=subprocess.DEVNULL, env={}, cwd="/",
        start_new_session=True,
    ) as child:  # fmt: skip
        try:
            ended = child.wait(limits.clock_seconds)
        except subprocess.TimeoutExpired:
            ended = None
        finally:
            child.kill()
    if ended is None:
        raise NoVerdict("it took too long by the clock")
    if ended in (-signal.SIGXCPU, -signal.SIGXFSZ):
        raise Rejected(TOO_COSTLY)
    if -ended in FALLS:
        raise Rejected(DAMAGED)
    if ended < 0:
        raise NoVerdict(f"the child was ended from outside (signal {-ended})")
    if ended > 0:
        raise NoVerdict(f"the child could not begin (status {ended})")


def _command(program: str, limits: Limits) -> Sequence[str]:
    amounts = (limits.seconds, limits.memory, limits.output)
    return [sys.executable, "-I", "-c", START, str(ROOT), program, str(os.getpid()), *map(str, amounts)]


def _lines(answer: BinaryIO) -> Iterator[Any]:
    """Yield the answers up to the last line, which says how it ended. Raises Rejected, NoVerdict."""
    last: Any = None
    for line in answer:
        if last is not None:
            yield last
        try:
            last = json.loads(line)
        except ValueError:
            raise Rejected(DAMAGED) from None
    if not isinstance(last, dict) or "end" not in last:
        raise NoVerdict("it said no end")
    if last["end"]:
        raise Rejected(str(last["end"]))


@contextmanager
def _memory_file() -> Iterator[BinaryIO]:
    """Yield a file that is on no disk."""
    with os.fdopen(os.memfd_create("sandbox"), "w+b") as file:
        yield file


@contextmanager
def _place() -> Iterator[None]:
    """Hold one of the places for reading, counted over all processes. Raises Busy."""
    for place in PLACES:
        with advisory_locks.try_lock(SPACE, place) as taken:
            if taken:
                yield
                return
    raise Busy("every place is taken")
