"""The process that reads one file of a stranger: bytes in by stdin, answers out by stdout, one JSON value a line.

It is started by ``runner`` as ``python -I -c … program parent seconds memory output`` with an empty environment. The
last line says that it came to its end, or why the file was not taken.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from importlib import import_module

from privacy.lib.sandbox.confinement import confine
from privacy.lib.sandbox.rejection import DAMAGED, TOO_COSTLY, Rejected

type Program = Callable[[bytes], Iterator[object]]


def main(name: str, parent: str, seconds: str, memory: str, output: str) -> None:
    """Load the program, give up all else, then read for ``parent``, while it lives."""
    program: Program = import_module(f"privacy.lib.sandbox.{name}").read
    confine(seconds=int(seconds), memory=int(memory), output=int(output))
    if os.getppid() != int(parent):
        os._exit(1)  # it died before it could be followed
    try:
        for answer in program(sys.stdin.buffer.read()):
            sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
        end = {"end": ""}
    except Rejected as rejected:
        end = {"end": rejected.code}
    except MemoryError:
        end = {"end": TOO_COSTLY}
    except Exception:  # noqa: BLE001 - whatever a reader stumbles over, the file is not one to take
        end = {"end": DAMAGED}
    sys.stdout.write(json.dumps(end) + "\n")
    sys.stdout.flush()
    # Nothing is tidied up: the process was made for one file.
    os._exit(0)
