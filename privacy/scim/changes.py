"""What a directory asks of an account: read from a resource (POST, PUT) or from operations (PATCH).

Entra ID writes operations in capitals and booleans as the texts "True" and "False"; Okta sends a value without a path.
Ending access never depends on the rest of a call: what else it holds, errors included, is left aside then.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from privacy.scim.refusals import ScimError

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
# Roles are granted in the console by two people, never by a directory.
ACCESS = frozenset({"roles", "entitlements", "groups"})
PATH = re.compile(r"[A-Za-z$][\w$:.-]*(?:\[[^\[\]]{1,200}\])?(?:\.[A-Za-z$][\w$-]*)?")
MOST_OPERATIONS = 100
LONGEST = 254


@dataclass
class Changes:
    """What is asked; None where nothing is said of it."""

    user_name: str | None = None
    external_id: str | None = None
    active: bool | None = None
    name: str = ""
    email: str = ""
    touches_access: bool = False


def ending(body: Any) -> Changes | None:
    """Return the end of access where a PUT or PATCH asks for it, whatever else it holds; None where it doesn't.

    The last word on ``active`` that can be read counts.
    """
    said = _lowered(body)
    values = _actives(said)
    operations = said.get("operations")
    for one in operations if isinstance(operations, list) else ():
        asked = _lowered(one)
        path = asked.get("path")
        if str(asked.get("op", "")).lower() not in {"add", "replace"}:
            continue
        values += _actives(
            {path: asked.get("value")} if isinstance(path, str) and path else _lowered(asked.get("value"))
        )
    for value in reversed(values):
        with suppress(ScimError):
            return None if _boolean(value) else Changes(active=False)
    return None


def _actives(said: dict[str, Any]) -> list[Any]:
    return [value for name, value in said.items() if _attribute(name) == "active"]


def of_resource(body: Any) -> Changes:
    """Read a whole resource. Raises ScimError."""
    given = _object(body)
    if USER_SCHEMA.lower() not in _schemas(given):
        raise ScimError(400, f"“schemas” must name {USER_SCHEMA}.", "invalidSyntax")
    found = Changes(name=_name(given), email=_email(given))
    for name, value in given.items():
        _take(found, name.lower(), value)
    return found


def of_operations(body: Any) -> Changes:
    """Read the operations of a PATCH, the later ones over the earlier. Raises ScimError."""
    given = _object(body)
    if PATCH_SCHEMA.lower() not in _schemas(given):
        raise ScimError(400, f"“schemas” must name {PATCH_SCHEMA}.", "invalidSyntax")
    operations = next((value for name, value in given.items() if name.lower() == "operations"), None)
    if not isinstance(operations, list) or not 0 < len(operations) <= MOST_OPERATIONS:
        raise ScimError(400, f"“Operations” is a list of 1 to {MOST_OPERATIONS}.", "invalidSyntax")
    found = Changes()
    for one in operations:
        _operation(found, _object(one))
    return found


def _operation(found: Changes, one: dict[str, Any]) -> None:
    said = _lowered(one)
    verb, path, value = said.get("op"), said.get("path"), said.get("value")
    if not isinstance(verb, str) or verb.lower() not in {"add", "replace", "remove"}:
        raise ScimError(400, "“op” is add, replace or remove.", "invalidSyntax")
    if path is None or path == "":
        if verb.lower() == "remove":
            raise ScimError(400, "“remove” needs a path.", "noTarget")
        for name, inner in _object(value).items():
            _take(found, _attribute(name), inner)
        return
    if not isinstance(path, str) or PATH.fullmatch(path) is None:
        raise ScimError(400, "This path can't be read.", "invalidPath")
    attribute = _attribute(path)
    if verb.lower() != "remove":
        _take(found, attribute, value)
    elif attribute == "externalid":
        found.external_id = ""
    elif attribute in {"username", "active"}:
        raise ScimError(400, f"“{path}” can't be removed.", "mutability")


def _attribute(path: str) -> str:
    """Return the attribute that a path leads to, in lower case; one of an extension or inside another is not ours."""
    return path.lower().removeprefix(f"{USER_SCHEMA.lower()}:")


def _take(found: Changes, attribute: str, value: Any) -> None:
    if attribute == "active":
        found.active = _boolean(value)
    elif attribute == "username":
        found.user_name = _text(value, "userName")
    elif attribute == "externalid":
        found.external_id = "" if value is None else _text(value, "externalId", longest=200)
    elif attribute.split("[")[0].split(".")[0] in ACCESS and value:
        found.touches_access = True


def _boolean(value: Any) -> bool:
    """Read a boolean as it is, as a text, or inside the list that older rules of Entra ID send."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        value = value[0].get("value")
    if isinstance(value, str) and value.strip().lower() in {"true", "false"}:
        return value.strip().lower() == "true"
    if isinstance(value, bool):
        return value
    raise ScimError(400, "“active” is true or false.", "invalidValue")


def _text(value: Any, name: str, *, longest: int = LONGEST) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > longest or not value.isprintable():
        raise ScimError(400, f"“{name}” is a text of 1 to {longest} characters.", "invalidValue")
    return value.strip()


def _name(given: dict[str, Any]) -> str:
    """Return a person's name as the directory shows it."""
    said = _lowered(given)
    parts = said.get("name") if isinstance(said.get("name"), dict) else {}
    assert isinstance(parts, dict)
    both = " ".join(str(parts[part]) for part in ("givenName", "familyName") if isinstance(parts.get(part), str))
    for shown in (said.get("displayname"), parts.get("formatted"), both):
        if isinstance(shown, str) and shown.strip() and shown.isprintable():
            return shown.strip()[:100]
    return ""


def _email(given: dict[str, Any]) -> str:
    """Return the primary mail address, or the first of work, or the first."""
    several = next((value for name, value in given.items() if name.lower() == "emails"), None)
    if not isinstance(several, list):
        return ""
    found = [one for one in several if isinstance(one, dict) and isinstance(one.get("value"), str)]
    found.sort(key=lambda one: (one.get("primary") not in (True, "True", "true"), one.get("type") != "work"))
    return str(found[0]["value"]).strip() if found else ""


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ScimError(400, "An object is expected.", "invalidSyntax")
    return value


def _lowered(value: Any) -> dict[str, Any]:
    return {name.lower(): inner for name, inner in value.items()} if isinstance(value, dict) else {}


def _schemas(given: dict[str, Any]) -> set[str]:
    named = next((value for name, value in given.items() if name.lower() == "schemas"), None)
    return {str(one).lower() for one in named} if isinstance(named, list) else set()
