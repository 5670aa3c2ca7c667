"""The description of the API for machines, completed: the intake of reports, and problems as problems."""

from typing import Any

import msgspec

from devices.report_schema import MAX_REPORTS, Batch, BatchAnswer

PROBLEM_STATUSES = ("400", "401", "403", "404", "405", "409", "410", "413", "415", "422", "429", "503")
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": 128, "pattern": "^[\\x20-\\x7e]+$"},
    "description": "The same key with the same request gets the same answer; kept for a week.",
}


def describe(schema: Any) -> Any:
    """Return Ninja's schema with ``POST /reports``, the header of writes, and problem documents."""
    (batch, answer), components = msgspec.json.schema_components(
        [Batch, BatchAnswer], ref_template="#/components/schemas/{name}"
    )
    held = schema.setdefault("components", {}).setdefault("schemas", {})
    held.update({name: shape for name, shape in components.items() if name not in held})
    for path in schema["paths"].values():
        for method, operation in path.items():
            as_problems(operation["responses"])
            if method in {"put", "post", "patch"}:
                operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
    prefix = next(iter(schema["paths"])).partition("/devices/")[0]
    problem = {"application/json": {"schema": {"$ref": "#/components/schemas/ProblemOut"}}}
    responses: dict[str, Any] = {
        "200": {"description": "OK", "content": {"application/json": {"schema": answer}}},
        **{
            status: {"description": "Problem", "content": {"application/json": {"schema": problem}}}
            for status in PROBLEM_STATUSES
        },
    }
    as_problems(responses)
    schema["paths"][f"{prefix}/reports"] = {
        "post": {
            "operationId": "store_reports",
            "summary": "Store Reports",
            "description": f"Store 1 to {MAX_REPORTS:,} reports, gzip allowed. "
            "The same batch again gets the same answer. What is refused is named by index, code and pointer.",
            "tags": ["reports"],
            "parameters": [IDEMPOTENCY_KEY],
            "requestBody": {"required": True, "content": {"application/json": {"schema": batch}}},
            "responses": responses,
            "security": [{"Token": []}],
        }
    }
    return schema


def as_problems(responses: dict[str, Any]) -> None:
    """Problems have a media type of their own (RFC 9457)."""
    for status, response in responses.items():
        content = response.get("content", {})
        if str(status) in PROBLEM_STATUSES and "application/json" in content:
            content["application/problem+json"] = content.pop("application/json")
