"""``/api/``: the reference of both APIs, made from their published descriptions; readable without script."""

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from config.api_examples import OF_GATEWAYS, OF_OFFICE, PROBLEM, Example
from config.event_examples import EVENT, EVENT_CHECK
from devices.api import api as gateways
from privacy.office_api.api import api as office
from privacy.office_api.event_kinds import SHAPES, TYPE_PREFIX, Kind

PARAMETER = re.compile(r"\{[a-z_]+\}")
SUCCESS = re.compile(r"2\d\d")


@dataclass(frozen=True)
class Field:
    """One field of a body or answer, or one parameter: what it is called, and what it takes."""

    name: str
    kind: str
    required: bool
    # Of a parameter, where it is sent; of a field that not every variant has, the variants that do.
    place: str = ""


@dataclass(frozen=True)
class Call:
    """One call as it is described, with its example."""

    code: str
    method: str
    path: str
    parameters: list[Field]
    body: list[Field]
    statuses: list[str]
    answer: list[Field]
    example: Example

    @property
    def command(self) -> str:
        """The example as a command of curl."""
        headers = [
            "Authorization: Bearer $TOKEN",
            *(f"{name}: {value}" for name, value in self.example.headers.items()),
        ]
        lines = [f'curl -X {self.method} "$PORTAL{self.example.path}"', *(f'-H "{header}"' for header in headers)]
        if self.example.body is not None:
            said = json.dumps(self.example.body, ensure_ascii=False, indent=2)
            lines += ['-H "Content-Type: application/json"', f"-d '{said}'"]
        return " \\\n  ".join(lines)


@dataclass(frozen=True)
class ToldEvent:
    """One kind of event: its CloudEvents type, what it means, and what it says."""

    type: str
    says: Promise | str
    fields: list[Field]


@dataclass(frozen=True)
class Described:
    """One API: its calls and events, and the document that they are made from."""

    code: str
    name: Promise | str
    document: str
    calls: list[Call]
    events: list[ToldEvent]


@cache
def described() -> tuple[Described, ...]:
    """Return both APIs as they are described; the same for as long as the process lives."""
    return (
        Described(
            "gateways", _("API for device gateways"), "/api/v1/openapi.json",
            _calls(gateways.get_openapi_schema(), OF_GATEWAYS), [],
        ),
        Described(
            "office", _("API of the office"), "/api/office/v1/openapi.json",
            _calls(office.get_openapi_schema(), OF_OFFICE), _events(office.get_openapi_schema()),
        ),
    )  # fmt: skip


@require_safe
@login_not_required
def reference(request: HttpRequest) -> HttpResponse:
    """Show every call of both APIs."""
    events = {"event_example": EVENT, "event_check": EVENT_CHECK}
    address = settings.PORTAL_URL.rstrip("/")
    return render(
        request, "api/reference.html", {"apis": described(), "address": address, "problem": PROBLEM, **events}
    )


def example_of(method: str, path: str, examples: tuple[Example, ...]) -> Example:
    """Return the example of a call. Raises LookupError: each call has one."""
    pattern = re.compile(PARAMETER.sub("[^/?]+", path.replace(".", r"\.")) + r"(\?.*)?")
    for one in examples:
        if one.method == method and pattern.fullmatch(one.path):
            return one
    raise LookupError(f"no example of {method} {path}")


def _calls(schema: Any, examples: tuple[Example, ...]) -> list[Call]:
    """Return the calls in the order of their examples."""
    shapes = schema["components"]["schemas"]
    made = [
        _call(method.upper(), path, operation, shapes, example_of(method.upper(), path, examples))
        for path, operations in schema["paths"].items()
        for method, operation in operations.items()
    ]
    return sorted(made, key=lambda call: examples.index(call.example))


def _events(schema: Any) -> list[ToldEvent]:
    shapes = schema["components"]["schemas"]
    return [
        ToldEvent(TYPE_PREFIX + kind.value, kind.label, _fields(shapes[SHAPES[kind].__name__], shapes, "data."))
        for kind in Kind
    ]


def _call(method: str, path: str, operation: Any, shapes: Any, example: Example) -> Call:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    answers = [one for status, one in operation["responses"].items() if SUCCESS.fullmatch(str(status))]
    answer = next((one["content"]["application/json"]["schema"] for one in answers if one.get("content")), None)
    parameters = [
        Field(one["name"], _kind(one["schema"], shapes), bool(one.get("required")), one["in"])
        for one in operation.get("parameters", [])
    ]
    code = re.sub(r"[^a-z0-9]+", "-", f"{method}{path}".lower()).strip("-")
    statuses = sorted(str(status) for status in operation["responses"])
    return Call(code, method, path, parameters, _fields(body, shapes), statuses, _fields(answer, shapes), example)


def _fields(schema: Any, shapes: Any, place: str = "", variant: str = "") -> list[Field]:
    """Return the fields of an object, those inside others with their place before them."""
    schema = _resolved(schema, shapes)
    found: list[Field] = []
    for name, inner in (schema or {}).get("properties", {}).items():
        whole = f"{place}{name}"
        found.append(Field(whole, _kind(inner, shapes), name in schema.get("required", ()), variant))
        held, several = _inside(inner, shapes)
        if place.count(".") < 2:
            found += _of_variants(held, shapes, f"{whole}[]." if several else f"{whole}.", variant)
    return found


def _of_variants(held: list[Any], shapes: Any, place: str, variant: str) -> list[Field]:
    """Return the fields of an object; of one that has several shapes, those of all, then those of each."""
    if len(held) < 2:
        return [field for one in held for field in _fields(one, shapes, place, variant)]
    lists = [_fields(one, shapes, place, _tag(one)) for one in held]
    shared = set.intersection(*({field.name for field in fields} for fields in lists))
    common: dict[str, Field] = {}
    for fields in lists:
        for field in fields:
            if field.name in shared:
                kinds = [common[field.name].kind] if field.name in common else []
                kind = " | ".join(dict.fromkeys([*kinds, field.kind]))
                common[field.name] = Field(field.name, kind, field.required, variant)
    return [*common.values(), *(field for fields in lists for field in fields if field.name not in shared)]


def _tag(schema: Any) -> str:
    """Return which of several shapes this is: its one field with a fixed value."""
    for name, inner in schema["properties"].items():
        if fixed := inner.get("enum", [inner["const"]] if "const" in inner else []):
            return f"{name} {fixed[0]}"
    return ""


def _inside(schema: Any, shapes: Any) -> tuple[list[Any], bool]:
    """Return the object that a field holds, in each of its shapes, and whether it is an array of them."""
    schema = _resolved(schema, shapes)
    several = schema.get("type") == "array"
    held = _resolved(schema.get("items", {}), shapes) if several else schema
    shaped = [_resolved(one, shapes) for one in held.get("anyOf", held.get("oneOf", [held]))]
    return [one for one in shaped if one.get("properties")], several


def _resolved(schema: Any, shapes: Any) -> Any:
    if schema is not None and "$ref" in schema:
        return shapes[schema["$ref"].rpartition("/")[2]]
    return schema


def _kind(schema: Any, shapes: Any) -> str:
    """Return what a field takes in a few words of JSON Schema: type, format, values, bounds."""
    schema = _resolved(schema, shapes)
    if several := [one for one in schema.get("anyOf", schema.get("oneOf", ())) if one.get("type") != "null"]:
        return " | ".join(dict.fromkeys(_kind(one, shapes) for one in several))
    if values := schema.get("enum", [schema["const"]] if "const" in schema else None):
        return " | ".join(json.dumps(value, ensure_ascii=False) for value in values)
    if schema.get("type") == "array":
        return f"array of {_kind(schema.get('items', {}), shapes)}"
    if isinstance(inner := schema.get("additionalProperties"), dict) and inner.get("type"):
        return f"object of {_kind(inner, shapes)}"
    words = [str(schema.get("type", "object")), *([f"({schema['format']})"] if "format" in schema else [])]
    bounds = {"minLength": "≥", "maxLength": "≤", "minimum": "≥", "maximum": "≤"}
    words += [f"{sign} {schema[name]}" for name, sign in bounds.items() if schema.get(name)]
    return " ".join(words)
