"""Reading a batch: strictly, and report by report where one of them does not fit.

The whole batch is decoded at once; only when that fails, or something looks suspicious, is each report read by
itself to say what is wrong with it. Nothing here stores or logs what was sent.
"""

import json
import re
from collections.abc import Sequence
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.utils.translation import gettext as _

from devices import expected_values
from devices.json_pieces import cut_array, cut_object
from devices.prohibited_data import (
    contains_resident_number,
    is_sensitive_item,
    is_sensitive_name,
    iter_texts,
    safe_name,
)
from devices.refusals import MESSAGES, Malformed, Problem
from devices.report_schema import (
    BODIES,
    FREE_TEXT,
    MAX_MESSAGE,
    MAX_REPORTS,
    REPORTS,
    AnyReport,
    Batch,
    RawBatch,
    declared_names,
)
from privacy.lib.http.control_characters import has_no_control_characters

MAX_DEPTH = 16
# What is longer, escapes and blanks included, isn't built to say what is wrong with it: it would be many times as long.
MAX_BUILT = 32 * MAX_MESSAGE
BATCH = msgspec.json.Decoder(Batch)
RAW_BATCH = msgspec.json.Decoder(RawBatch)
ANY: msgspec.json.Decoder[msgspec.Raw] = msgspec.json.Decoder(msgspec.Raw)
REPORT: msgspec.json.Decoder[Any] = msgspec.json.Decoder(AnyReport)
ENCODER = msgspec.json.Encoder()
# The strings of a batch besides its reports, and of a report besides its body, each in two quotation marks.
BATCH_QUOTES = 6
REPORT_QUOTES = 14
# A run of seven digits: without one there is no resident number, as long as all is ASCII.
DIGITS = bytes(48 if chr(code).isdigit() and code < 128 else code for code in range(256))
SEVEN_DIGITS = b"0" * 7
HEX = "[0-9a-fA-F]"
MATCH_DEVICE_ID = re.compile(rf"{HEX}{{8}}-{HEX}{{4}}-{HEX}{{4}}-{HEX}{{4}}-{HEX}{{12}}").fullmatch
PATH = re.compile(r" - at `\$([^`]*)`")
STEP = re.compile(r"\.([A-Za-z_]+)|\[(\d+|\.\.\.)\]")


class RejectedReport(NamedTuple):
    """A report that isn't taken."""

    position: int
    problem: Problem


class ParsedBatch(NamedTuple):
    """A batch, read: the reports that hold nothing forbidden, their bodies as they will be sealed, their places."""

    batch: UUID
    reports: list[Any]
    bodies: list[bytes]
    positions: Sequence[int]
    refused: list[RejectedReport]


def parse_batch(raw: bytes) -> ParsedBatch:
    """Read a batch. Raises Malformed when it can't be read as a batch at all."""
    try:
        batch = BATCH.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _parse_each(raw)
    reports = batch.reports
    # One body a line: JSON text holds no line break of its own.
    lines = ENCODER.encode_lines([report.body for report in reports])
    if _quotes(raw) != BATCH_QUOTES + REPORT_QUOTES * len(reports) + _quotes(lines):
        # More strings than the types can hold: a name stands twice somewhere (RFC 8259 §4 leaves open which counts).
        return _parse_each(raw)
    bodies = lines.split(b"\n")[:-1]
    if (
        _needs_content_check(lines)
        or max(map(len, bodies)) > MAX_MESSAGE
        or not all(map(MATCH_DEVICE_ID, {report.device for report in reports}))
    ):
        return _parse_each(raw)
    return ParsedBatch(batch.batch, reports, bodies, range(len(reports)), [])


def parse_strict_json(raw: bytes) -> Any:
    """Return the value of a JSON text; raise Malformed for doubled names, NaN, lone surrogates or too much depth."""
    try:
        value = json.loads(raw.decode(), object_pairs_hook=_pairs, parse_constant=_constant)
        _check_depth(value, 1)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise Malformed([Problem("", "malformed", _("This JSON does not have the expected structure."))]) from None
    return value


def _parse_each(raw: bytes) -> ParsedBatch:
    try:
        try:
            envelope = RAW_BATCH.decode(raw)
        except msgspec.ValidationError as error:
            raise Malformed([_envelope_problem(raw, error)]) from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Malformed([Problem("", "malformed", _("This JSON does not have the expected structure."))]) from None
    if memoryview(envelope.reports)[0] != ord("["):
        raise Malformed([_problem("/reports", "malformed")])
    items = list(islice(cut_array(envelope.reports), MAX_REPORTS + 1))
    if not items:
        raise Malformed([Problem("/reports", "malformed", _("A batch must contain at least one report."))])
    if len(items) > MAX_REPORTS:
        raise Malformed([Problem("/reports", "too-large", _("A batch can contain at most 1,000 reports."))])
    if _quotes(raw) != BATCH_QUOTES + sum(_quotes(item) for item in items):
        raise Malformed([Problem("", "malformed", _("A name appears twice."))])
    delivery = ParsedBatch(envelope.batch, [], [], positions := [], [])
    for position, item in enumerate(items):
        problem, report, body = _parse_report(item)
        if problem is not None:
            delivery.refused.append(RejectedReport(position, problem))
        else:
            delivery.reports.append(report)
            delivery.bodies.append(body)
            positions.append(position)
    return delivery


def _parse_report(item: bytes) -> tuple[Problem | None, Any, bytes]:
    try:
        report = REPORT.decode(item)
        body = ENCODER.encode(report.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return diagnose(item, error), None, b""
    if _quotes(item) != REPORT_QUOTES + _quotes(body):
        return diagnose(item, None), None, b""
    if not MATCH_DEVICE_ID(report.device):
        return Problem("/device", "malformed", str(expected_values.UUID_SHAPE)), None, b""
    return _check_content(report, body), report, body


def diagnose(item: bytes, error: Exception | None) -> Problem:
    """Say what is wrong with one report: the first problem, in the order of how grave it is."""
    if len(item) > MAX_BUILT:
        return _problem(_json_pointer(error) if _is_too_long(error) else "", "too-large")
    try:
        value = parse_strict_json(item)
    except Malformed as refusal:
        return refusal.problems[0]
    if not isinstance(value, dict):
        return _problem("", "malformed")
    kind, body = value.get("kind"), value.get("body")
    declared = declared_names(BODIES[kind]) if isinstance(kind, str) and kind in BODIES else frozenset()
    undeclared = [("", name, value[name]) for name in value if name not in {"device", "kind", "occurred_at", "body"}]
    if isinstance(body, dict):
        undeclared += [("/body", name, body[name]) for name in body if name not in declared]
    if isinstance(kind, str) and kind not in REPORTS and is_sensitive_name(kind[:100]):
        return _problem("/kind", "sensitive-item")
    for parent, name, inner in undeclared:
        if is_sensitive_item(name, inner):
            return _problem(_pointer(parent, name), "sensitive-item")
    if any(contains_resident_number(text) for text in iter_texts(value)):
        return _problem("/body" if isinstance(body, dict) else "", "sensitive-item")
    if not isinstance(kind, str) or kind not in REPORTS:
        return _unknown_kind(kind)
    for parent, name, _inner in undeclared:
        return _problem(_pointer(parent, name), "unknown-item")
    if isinstance(body, dict) and isinstance(body.get("message"), str) and len(body["message"].encode()) > MAX_MESSAGE:
        return _problem("/body/message", "too-large")
    if _is_too_long(error):
        return _problem(_json_pointer(error), "too-large")
    return _wrong_shape(error, kind)


def _unknown_kind(kind: object) -> Problem:
    if kind is None:
        return Problem("/kind", "malformed", str(expected_values.REQUIRED))
    if not isinstance(kind, str):
        return Problem("/kind", "malformed", str(expected_values.STRING))
    return Problem("/kind", "unknown-kind", f"{MESSAGES['unknown-kind']} {expected_values.one_of(REPORTS)}")


def _wrong_shape(error: Exception | None, kind: object = None) -> Problem:
    """Say where msgspec found something else than was declared, and what it should be."""
    pointer = _json_pointer(error)
    said = expected_values.of_msgspec(error, kind=kind, name=pointer.rpartition("/")[2])
    missing = expected_values.missing_name(error)
    return Problem(f"{pointer}/{missing}" if missing else pointer, "malformed", said)


def _check_content(report: Any, body: bytes) -> Problem | None:
    """Look for what the types can't see: resident numbers, control characters, an over-long message."""
    if len(body) > MAX_MESSAGE and len(getattr(report.body, "message", "").encode()) > MAX_MESSAGE:
        return _problem("/body/message", "too-large")
    if type(report) not in FREE_TEXT or not _needs_content_check(body):
        return None
    for name, text in ((name, getattr(report.body, name)) for name in report.body.__struct_fields__):
        if isinstance(text, str):
            if contains_resident_number(text):
                return _problem(f"/body/{name}", "sensitive-item")
            if not has_no_control_characters(text):
                return _problem(f"/body/{name}", "malformed")
    return None


def _needs_content_check(encoded: bytes) -> bool:
    """Whether a second look is worth while: many digits, an escaped control character, anything not ASCII."""
    return (
        not encoded.isascii() or SEVEN_DIGITS in encoded.translate(DIGITS) or b"\\u00" in encoded or b"\x7f" in encoded
    )


def _quotes(encoded: bytes) -> int:
    """Count the quotation marks that begin and end strings."""
    if b"\\" in encoded:
        encoded = encoded.replace(b"\\\\", b"").replace(b'\\"', b"")
    return encoded.count(b'"')


def _envelope_problem(raw: bytes, error: msgspec.ValidationError) -> Problem:
    """Say what is wrong with a batch besides its reports. Raises msgspec.MsgspecError where its JSON has no end."""
    if memoryview(ANY.decode(raw))[0] == ord("{"):
        for name, sent in islice(cut_object(raw), 3):
            if name not in {"batch", "reports"}:
                value = parse_strict_json(sent) if len(sent) <= MAX_BUILT else None
                code = "sensitive-item" if is_sensitive_item(name, value) else "unknown-item"
                return _problem(_pointer("", name), code)
    return _wrong_shape(error)


def _is_too_long(error: Exception | None) -> bool:
    return error is not None and "length <=" in str(error)


def _problem(pointer: str, code: str) -> Problem:
    return Problem(pointer, code, str(MESSAGES[code]))


def _pointer(parent: str, name: str) -> str:
    """Return the pointer of a name that was sent; a name that could carry a value is not repeated."""
    safe = safe_name(name)
    return parent if safe is None else f"{parent}/{safe}"


def _json_pointer(error: Exception | None) -> str:
    """Turn msgspec's ``$.body.count`` into a JSON pointer."""
    found = PATH.search(str(error)) if error is not None else None
    if found is None:
        return ""
    return "".join(f"/{name or index}" for name, index in STEP.findall(found.group(1)) if index != "...")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name stands twice")
    return value


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _check_depth(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ValueError("too deep")
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        if isinstance(one, dict | list):
            _check_depth(one, depth + 1)
