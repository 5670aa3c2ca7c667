"""A ZIP put together from parts that were packed at different times: headers and directory around packed bytes.

``zipfile`` writes a file in one run from its first byte to its last; here the run may die and go on another day. Sizes
are those of the plain format: four gigabytes, 65,535 files.
"""

import struct
import zlib
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from typing import Any

# 1 January 1980, the first day that the format knows: the same content is the same bytes.
DOS_DATE = 0x21
VERSION, DEFLATED = 20, 8
# The first ends a chunk so that another one can follow it; the other ends the file.
SYNC_FLUSH, FINISH = zlib.Z_SYNC_FLUSH, zlib.Z_FINISH


@dataclass(frozen=True)
class ZipEntry:
    """One file in the ZIP: its name, checksums and sizes, packed and plain."""

    name: str
    crc: int
    packed: int
    size: int
    sha256: str

    def row(self) -> list[Any]:
        """Return it as it is kept in a column."""
        return list(astuple(self))

    def header(self) -> bytes:
        """Return what stands before the packed bytes of the file."""
        name = self.name.encode("ascii")
        fixed = (b"PK\3\4", VERSION, 0, DEFLATED, 0, DOS_DATE, self.crc, self.packed, self.size, len(name), 0)
        return struct.pack("<4s5H3I2H", *fixed) + name

    def listing(self, offset: int) -> bytes:
        """Return the line of the directory for the file whose header begins at ``offset``."""
        name = self.name.encode("ascii")
        fixed = (b"PK\1\2", VERSION, VERSION, 0, DEFLATED, 0, DOS_DATE, self.crc, self.packed, self.size, len(name))
        return struct.pack("<4s6H3I5H2I", *fixed, 0, 0, 0, 0, 0, offset) + name


def deflate(text: bytes, *, end: int) -> bytes:
    """Pack a chunk by itself; chunks that end with SYNC_FLUSH, and one with FINISH, are one packed file in order."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(text) + packer.flush(end)


def central_directory(entries: Iterable[ZipEntry]) -> bytes:
    """Return the end of a ZIP whose files stand one after the other from its first byte."""
    listed, offset, count = bytearray(), 0, 0
    for entry in entries:
        listed += entry.listing(offset)
        offset += len(entry.header()) + entry.packed
        count += 1
    return bytes(listed) + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, len(listed), offset, 0)
