"""The address to which a requester replies: it names the case, and a signature shows that we wrote it.

``privacy+k7-7f3k-92qx.<16 letters>@…``: the reference of a case says nothing of anybody, and who makes one up gets no
further than a draft that a person reads. It proves that somebody had a mail of ours; it is no proof of identity.
"""

import hmac
import re
from base64 import b32encode
from email.utils import parseaddr

from django.conf import settings

from privacy.rights.models import Request
from privacy.vault.derived_secrets import derive_secret

PURPOSE = "rights.reply-address"
SIGNED = re.compile(r"\+(?P<case>k7-[0-9a-z]{4}-[0-9a-z]{4})\.(?P<signature>[a-z2-7]{16})@", re.IGNORECASE | re.ASCII)


def office_address() -> str:
    """Return the address whose mailbox is read."""
    return settings.INBOX_ADDRESS or parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def reply_address(case: Request) -> str:
    """Return the reply address of a case; empty where no mailbox is read, so that nobody writes into nothing."""
    if not settings.INBOX_URL:
        return ""
    local, _at, domain = office_address().rpartition("@")
    return f"{local}+{case.reference.lower()}.{_signature(case.reference)}@{domain}"


def named_cases(recipients: str) -> tuple[list[Request], bool]:
    """Return the cases that signed addresses name, each once, and whether there was one that we did not sign."""
    found: list[Request] = []
    forged = False
    for named in SIGNED.finditer(recipients):
        reference = named["case"].upper()
        if not hmac.compare_digest(_signature(reference), named["signature"].lower()):
            forged = True
            continue
        case = Request.objects.filter(reference=reference).first()
        if case is not None and case not in found:
            found.append(case)
    return found, forged


def _signature(reference: str) -> str:
    """Return 80 bits of an HMAC over a case's reference, as letters and figures that survive an address."""
    return b32encode(derive_secret(PURPOSE, reference.encode())[:10]).decode().lower()
