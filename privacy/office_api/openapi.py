"""The description of the office's API, completed: writes that may be repeated, problems as problems, and events."""

from typing import Any

from devices.openapi import IDEMPOTENCY_KEY, as_problems
from privacy.office_api.event_kinds import SHAPES, TYPE_PREFIX, Kind
from privacy.office_api.webhook_client import MEDIA_TYPE

REPEATABLE = frozenset({"record_case", "write_message"})
# The headers of an event, as Standard Webhooks have them.
HEADERS = {
    "webhook-id": "The id of the event: the same at every attempt and replay. Keep it to know what came before.",
    "webhook-timestamp": "Seconds since 1970 of this attempt. Refuse what is older than five minutes.",
    "webhook-signature": "v1,<base64 of HMAC-SHA256 over id.timestamp.body>; several, separated by spaces, "
    "while two secrets are valid.",
}


def describe(schema: Any) -> Any:
    """Return Ninja's schema with the header of writes, the two ways to a token, problem documents, and webhooks."""
    for path in schema["paths"].values():
        for operation in path.values():
            as_problems(operation["responses"])
            if operation["operationId"].rpartition("_api_")[2] in REPEATABLE:
                operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
    for shape in set(SHAPES.values()):
        schema["components"]["schemas"][shape.__name__] = shape.model_json_schema(
            ref_template="#/components/schemas/{model}"
        )
    schema["webhooks"] = {kind.value: {"post": _event(kind)} for kind in Kind}
    return schema


def _event(kind: Kind) -> dict[str, Any]:
    fixed = {"type": "string"}
    properties = {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "format": "uuid"},
        "source": {"type": "string", "format": "uri"},
        "type": {"const": TYPE_PREFIX + kind.value},
        "subject": fixed,
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"const": "application/json"},
        "sequence": {"type": "string", "pattern": "^[0-9]{20}$"},
        "data": {"$ref": f"#/components/schemas/{SHAPES[kind].__name__}"},
    }
    shape = {"type": "object", "required": list(properties), "properties": properties}
    return {
        "operationId": f"event_{kind.value.replace('.', '_').replace('-', '_')}",
        "summary": kind.name.replace("_", " ").capitalize(),
        "description": SHAPES[kind].__doc__,
        "tags": ["events"],
        "parameters": [
            {"name": name, "in": "header", "required": True, "schema": fixed, "description": says}
            for name, says in HEADERS.items()
        ],
        "requestBody": {"required": True, "content": {MEDIA_TYPE: {"schema": shape}}},
        "responses": {
            "2XX": {"description": "The event was taken. What is answered is not read."},
            "default": {"description": "The event was not taken, and is sent again."},
        },
    }
