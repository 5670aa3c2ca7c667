"""The published description as a judge: does an answer have a status, a media type and a shape that it promises?"""

import json
import re
from copy import deepcopy
from typing import Any

import jsonschema_rs

PROBLEM = "application/problem+json"


class Published:
    """The OpenAPI document as a client gets it, with what checks answers against it.

    Of an object whose fields are described, no other field is answered (ASVS 15.3.1).
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._components = deepcopy(document["components"])
        for schema in self._components["schemas"].values():
            if "properties" in schema:
                schema.setdefault("additionalProperties", False)
        self._paths = [
            (re.compile(re.sub(r"\\{[a-z_]+\\}", "[^/]+", re.escape(path))), calls)
            for path, calls in document["paths"].items()
        ]
        self._validators: dict[str, Any] = {}

    def operation(self, method: str, path: str) -> dict[str, Any] | None:
        """Return what is described under a method and a path, or ``None`` for an address that is not there."""
        calls = next((calls for pattern, calls in self._paths if pattern.fullmatch(path)), {})
        found: dict[str, Any] | None = calls.get(method.lower())
        return found

    def judge(self, method: str, path: str, status: int, media_type: str, content: bytes) -> None:
        """Raise AssertionError for an answer that the description does not promise.

        What is not described at all is answered by a problem document.
        """
        operation = self.operation(method, path)
        if operation is None:
            assert status >= 400, f"an undescribed call was answered {status}"
            self._fits("#/components/schemas/ProblemOut", {"$ref": "#/components/schemas/ProblemOut"}, content)
            assert media_type == PROBLEM, media_type
            return
        described = operation["responses"].get(str(status))
        assert described is not None, f"status {status} is not described"
        shapes = described.get("content", {})
        if not shapes:
            assert not content, "content where none is described"
            return
        assert media_type in shapes, f"{media_type} is not described for {status}"
        place = f"{method.lower()} {operation['operationId']} {status}"
        self._fits(place, shapes[media_type]["schema"], content)

    def _fits(self, place: str, schema: dict[str, Any], content: bytes) -> None:
        validator = self._validators.get(place)
        if validator is None:
            whole = {**schema, "components": self._components}
            validator = self._validators[place] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        errors = [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(json.loads(content))]
        assert not errors, errors[:3]
