"""What a report looks like on the wire: a tagged union by ``kind``, nothing undeclared (P3.2, P3.3).

Decoded by msgspec straight into these types; their JSON schema is published in ``openapi.json``.
"""

from datetime import datetime
from typing import Annotated, Literal, get_args
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, structs

MAX_REPORTS = 1_000
MAX_MESSAGE = 8 * 1024
MAX_BODY = 12 * 1024 * 1024

type Moment = Annotated[datetime, Meta(tz=True, description="RFC 3339 with an offset")]
# Kept as text: a batch names the same few devices again and again (``batch_parser.py`` checks the form).
type DeviceId = Annotated[str, Meta(min_length=36, max_length=36, extra_json_schema={"format": "uuid"})]
type Text = Annotated[str, Meta(min_length=1, max_length=200)]
type Word = Annotated[str, Meta(min_length=1, max_length=64)]
type Message = Annotated[str, Meta(max_length=MAX_MESSAGE, description="at most 8 KiB in UTF-8")]
type Count = Annotated[int, Meta(ge=0, le=2**53)]


class Body(Struct, forbid_unknown_fields=True, gc=False):
    """What a report says; each kind has its own."""


class StatusBody(Body):
    state: Literal["active", "inactive", "locked", "removed"]


class ActivationBody(Body):
    activated_at: Moment


class AccessCountBody(Body):
    count: Count
    from_: Moment = msgspec.field(name="from")
    until: Moment


class AccessBody(Body):
    action: Text
    result: Text


class AppStatusBody(Body):
    app: Text
    version: Text
    state: Word


class ConfigurationBody(Body):
    setting: Text
    result: Literal["applied", "failed", "skipped"]
    applied_at: Moment


class AppLogBody(Body):
    level: Annotated[str, Meta(min_length=1, max_length=16)]
    message: Message
    app: Text | UnsetType | None = UNSET


class Report(Struct, forbid_unknown_fields=True, gc=False, tag_field="kind"):
    """One report of one device."""

    device: DeviceId
    occurred_at: Moment


class StatusReport(Report, tag="status"):
    body: StatusBody


class ActivationReport(Report, tag="activation"):
    body: ActivationBody


class AccessCountReport(Report, tag="access-count"):
    body: AccessCountBody


class AccessReport(Report, tag="access"):
    body: AccessBody


class AppStatusReport(Report, tag="app-status"):
    body: AppStatusBody


class ConfigurationReport(Report, tag="configuration"):
    body: ConfigurationBody


class AppLogReport(Report, tag="app-log"):
    body: AppLogBody


type AnyReport = (
    StatusReport
    | ActivationReport
    | AccessCountReport
    | AccessReport
    | AppStatusReport
    | ConfigurationReport
    | AppLogReport
)

# By kind, as the classes say it themselves; ``checks.py`` compares them with the declared items.
REPORTS: dict[str, type[Struct]] = {report.__struct_config__.tag: report for report in get_args(AnyReport.__value__)}
BODIES: dict[str, type[Body]] = {
    kind: field.type for kind, report in REPORTS.items() for field in structs.fields(report) if field.name == "body"
}
KIND_OF_REPORT = {report: kind for kind, report in REPORTS.items()}
# Kinds whose bodies hold text that somebody wrote.
FREE_TEXT = frozenset({AccessReport, AppStatusReport, ConfigurationReport, AppLogReport})


class Batch(Struct, forbid_unknown_fields=True, gc=False):
    """A delivery: 1 to 1,000 reports under an id of the client's own."""

    batch: UUID
    reports: Annotated[list[AnyReport], Meta(min_length=1, max_length=MAX_REPORTS)]


class RawBatch(Struct, forbid_unknown_fields=True):
    """The same, the reports still as they were sent: read when one of them does not fit, or there are too many."""

    batch: UUID
    reports: msgspec.Raw


class RefusedReport(Struct):
    """A report that was not taken: which, why (code), and where in it."""

    index: int
    code: str
    pointer: str
    message: str


class BatchAnswer(Struct):
    """What became of a batch."""

    batch: UUID
    stored: int
    refused: list[RefusedReport]


def declared_names(struct: type[Struct]) -> frozenset[str]:
    """Return the names that a structure declares on the wire."""
    return frozenset(struct.__struct_encode_fields__)
