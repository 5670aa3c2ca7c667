"""Filters of lists (RFC 7644, 3.4.2.2): one attribute compared for equality, as directories ask for an account."""

import json
import re
from typing import Any

from privacy.scim.refusals import ScimError

FILTER = re.compile(
    r'\s*([A-Za-z][\w.:]*(?:\[[^\]"]*"[^"\]]*"\])?(?:\.\w+)?)\s+eq\s+("(?:[^"\\]|\\.)*")\s*', re.IGNORECASE
)
CORE = "urn:ietf:params:scim:schemas:core:2.0:user:"
USER_NAME, EXTERNAL_ID, ID = "username", "externalid", "id"
LONGEST = 1_000
# Attributes that an account is found by, and how Entra ID writes the mail address.
MAILS = frozenset({"emails", "emails.value", 'emails[type eq "work"].value'})


def parse(text: str) -> tuple[str, str]:
    """Return the attribute in lower case and the value that it must equal. Raises ScimError (invalidFilter)."""
    found = FILTER.fullmatch(text) if len(text) <= LONGEST else None
    if found is None:
        raise ScimError(400, 'Only filters such as userName eq "name" are offered.', "invalidFilter")
    name = found[1].lower().removeprefix(CORE)
    try:
        value: Any = json.loads(found[2])
    except ValueError:
        raise ScimError(400, "The value of the filter is not a JSON string.", "invalidFilter") from None
    if name in MAILS:
        name = "emails"
    if name not in {USER_NAME, EXTERNAL_ID, ID, "emails"}:
        raise ScimError(400, "Filter by userName, externalId, id or emails.value.", "invalidFilter")
    if not value.isprintable():
        raise ScimError(400, "The value of the filter has a character that no value has.", "invalidFilter")
    return name, value
