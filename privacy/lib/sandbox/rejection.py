"""Why a file was not taken: a code, for which each reader of the answer has its sentence."""

DAMAGED = "damaged"
# Beyond the time, the memory or the output that reading a file may cost.
TOO_COSTLY = "too-costly"
LOCKED = "locked"
ACTIVE_CONTENT = "active-content"
TWO_FORMATS = "two-formats"
TOO_MANY_PIXELS = "too-many-pixels"
UNMEASURED = "unmeasured"
TOO_LARGE_UNPACKED = "too-large-unpacked"
# Of tables: what they are, said by their first byte, and what they are not.
CSV, XLSX = b"c", b"x"
NO_TABLE = "no-table"
UNKNOWN_ENCODING = "unknown-encoding"


class Rejected(Exception):
    """A file that is not taken, by its code."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)
