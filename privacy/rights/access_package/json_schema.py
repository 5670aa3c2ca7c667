"""The JSON Schema (2020-12) of an access package, shipped inside each package (P1.2: a machine can parse it)."""

from typing import Any

_TEXT = {"type": "string"}
_MOMENT = {"type": "string", "format": "date-time"}


def _list_of(properties: dict[str, Any], *, more: bool = False) -> dict[str, Any]:
    return {
        "type": "array",
        "items": {
            "type": "object",
            "properties": properties,
            "required": sorted(properties),
            "additionalProperties": more,
        },
    }


SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://privacy.extrus.example/schemas/access-package-1",
    "title": "Access package",
    "description": "Everything that Extrus Inc. holds about one person, as asked for in one rights request.",
    "type": "object",
    "required": ["format", "case", "made_at", "policy", "person", "left_out", "frozen"],
    "additionalProperties": False,
    "properties": {
        "format": _TEXT,
        "case": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{6}$"},
        "made_at": _MOMENT,
        "policy": _TEXT,
        "person": _TEXT,
        "left_out": {"type": "array", "items": _TEXT},
        "frozen": _list_of({"category": _TEXT, "item": _TEXT, "cause": _TEXT, "since": _MOMENT}),
        "held": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "object"}}},
        "redacted": _list_of({"category": _TEXT, "record": _TEXT, "path": _TEXT, "part": _TEXT, "ground": _TEXT}),
        "systems": _list_of(
            {
                "system": _TEXT,
                "name": _TEXT,
                "state": _TEXT,
                "found": {"type": "object", "additionalProperties": {"type": "integer"}},
                "told_at": _TEXT,
            }
        ),
        "opened_since": {"type": "string", "format": "date"},
        "opened": _list_of(
            {
                "entry": {"type": "integer"},
                "at": _MOMENT,
                "by": _TEXT,
                "role": _TEXT,
                "task": _TEXT,
                "purpose": _TEXT,
            }
        ),
        "purposes": {"type": "object", "additionalProperties": {"type": "array", "items": _TEXT}},
        "retention": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {"from": _TEXT, "years": {"type": "integer"}, "months": {"type": "integer"}},
                "required": ["from", "years", "months"],
                "additionalProperties": False,
            },
        },
        "provided": _list_of(
            {
                "disclosure": _TEXT,
                "recipient": _TEXT,
                "purpose": _TEXT,
                "basis": _TEXT,
                "statute": _TEXT,
                "provided_at": _MOMENT,
                "items": {"type": "array", "items": _TEXT},
            }
        ),
        "consents": _list_of(
            {
                "receipt": _TEXT,
                "agreement": _TEXT,
                "version": {"type": "integer"},
                "decision": _TEXT,
                "decided_at": _MOMENT,
                "method": _TEXT,
                "text_sha256": _TEXT,
            }
        ),
    },
}
