"""What the directory is shown: accounts as SCIM users, and what is offered at all (RFC 7643)."""

import hashlib
import json
from datetime import datetime
from typing import Any

from django.conf import settings

from privacy.accounts.models import User
from privacy.scim.changes import USER_SCHEMA
from privacy.scim.models import ProvisionedAccount

ROOT = "/scim/v2"
CONFIG = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
RESOURCE_TYPE = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
MOST_RESULTS = 200


def location(path: str) -> str:
    """Return the address of a resource."""
    return settings.PORTAL_URL.rstrip("/") + ROOT + path


def moment(at: datetime) -> str:
    """Return a moment as SCIM writes it."""
    return at.isoformat().replace("+00:00", "Z")


def user(row: User, held: ProvisionedAccount | None) -> dict[str, Any]:
    """Return an account as a SCIM user, with its version."""
    shown: dict[str, Any] = {
        "schemas": [USER_SCHEMA],
        "id": str(row.pk),
        "userName": held.user_name if held else row.email,
        "displayName": row.name,
        "name": {"formatted": row.name},
        "emails": [{"value": row.email, "type": "work", "primary": True}],
        "active": row.is_active,
    }
    if held and held.external_id:
        shown["externalId"] = held.external_id
    changed = max(filter(None, (row.joined_at, row.left_at, held.changed_at if held else None)))
    said = json.dumps([shown, moment(changed)], sort_keys=True).encode()
    shown["meta"] = {
        "resourceType": "User",
        "created": moment(row.joined_at),
        "lastModified": moment(changed),
        "location": location(f"/Users/{row.pk}"),
        "version": f'W/"{hashlib.sha256(said).hexdigest()[:16]}"',
    }
    return shown


def listed(found: list[dict[str, Any]], *, total: int, start: int) -> dict[str, Any]:
    """Return a page of a list."""
    return {
        "schemas": [LIST], "totalResults": total, "startIndex": start, "itemsPerPage": len(found), "Resources": found,
    }  # fmt: skip


def error(status: int, detail: str, kind: str = "") -> dict[str, Any]:
    """Return an error (RFC 7644, 3.12)."""
    return {"schemas": [ERROR], "status": str(status), "detail": detail, **({"scimType": kind} if kind else {})}


def service_provider_config() -> dict[str, Any]:
    """Return what of the protocol is offered (RFC 7643, 5)."""
    return {
        "schemas": [CONFIG],
        "patch": {"supported": True},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": MOST_RESULTS},
        "changePassword": {"supported": False},
        "sort": {"supported": False},
        "etag": {"supported": True},
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Bearer token",
                "description": "A token of the privacy portal, approved by two people.",
                "primary": True,
            }
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": location("/ServiceProviderConfig")},
    }


def resource_types() -> list[dict[str, Any]]:
    """Return the kinds of resources (RFC 7643, 6): users alone; there are no groups."""
    return [
        {
            "schemas": [RESOURCE_TYPE],
            "id": "User",
            "name": "User",
            "endpoint": "/Users",
            "description": "An account. Roles are granted in the portal by two people, never here.",
            "schema": USER_SCHEMA,
            "meta": {"resourceType": "ResourceType", "location": location("/ResourceTypes/User")},
        }
    ]


def schemas() -> list[dict[str, Any]]:
    """Return the attributes that are kept (RFC 7643, 7)."""
    return [
        {
            "schemas": [SCHEMA],
            "id": USER_SCHEMA,
            "name": "User",
            "description": "An account",
            "attributes": [
                _attribute("userName", required=True, mutability="immutable", uniqueness="server"),
                _attribute("externalId", case_exact=True, uniqueness="server"),
                _attribute("displayName", mutability="immutable"),
                {
                    **_attribute("name", kind="complex", mutability="immutable"),
                    "subAttributes": [
                        _attribute(part, mutability="immutable") for part in ("formatted", "givenName", "familyName")
                    ],
                },
                {
                    **_attribute("emails", kind="complex", mutability="immutable"),
                    "multiValued": True,
                    "subAttributes": [
                        _attribute("value", mutability="immutable"),
                        _attribute("type", mutability="immutable"),
                        _attribute("primary", kind="boolean", mutability="immutable"),
                    ],
                },
                _attribute("active", kind="boolean"),
            ],
            "meta": {"resourceType": "Schema", "location": location(f"/Schemas/{USER_SCHEMA}")},
        }
    ]


def _attribute(
    name: str, *, kind: str = "string", required: bool = False, mutability: str = "readWrite",
    uniqueness: str = "none", case_exact: bool = False,
) -> dict[str, Any]:  # fmt: skip
    shown: dict[str, Any] = {
        "name": name,
        "type": kind,
        "multiValued": False,
        "description": name,
        "required": required,
        "mutability": mutability,
        "returned": "default",
    }
    if kind == "string":
        shown |= {"caseExact": case_exact, "uniqueness": uniqueness}
    return shown
