"""Blind indexes: how an identifier is found without being stored in clear (SEC-25).

HMAC-SHA-256 under a key of its own over the normalised value, equality only. A plain hash would not do: the hash of
an IMEI whose type code is known was reversed in seconds.
"""

import hmac
import re
import unicodedata
from collections.abc import Callable

from django.utils.translation import gettext as _

from privacy.vault import providers
from privacy.vault.refusals import BadIdentifier


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1, as in 3GPP TS 23.003 for IMEIs)."""
    doubled = [int(digit) * (2 if position % 2 else 1) for position, digit in enumerate(reversed(digits))]
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


def imei(value: str) -> str:
    """Return the 15 digits of an IMEI, written with or without spaces and hyphens."""
    digits = re.sub(r"[\s-]", "", value)
    if not re.fullmatch(r"[0-9]{15}", digits):
        raise BadIdentifier(_("An IMEI has 15 digits."))
    if not luhn(digits):
        raise BadIdentifier(_("This IMEI can't be right: its check digit does not fit. Look for a typing error."))
    return digits


def serial(value: str) -> str:
    """Return a serial or ADB number trimmed and in upper case."""
    return _code(value, _("A serial or ADB number has 1 to 64 letters, digits and signs, and no spaces."))


def licence(value: str) -> str:
    """Return a licence key trimmed and in upper case."""
    return _code(value, _("A licence key has 1 to 64 letters, digits and signs, and no spaces."))


def _code(value: str, otherwise: str) -> str:
    code = unicodedata.normalize("NFKC", value).strip().upper()
    if not re.fullmatch(r"[\x21-\x7e]{1,64}", code):
        raise BadIdentifier(otherwise)
    return code


def contact(value: str) -> str:
    """Return an e-mail address, telephone number or other text as it is compared: NFKC, folded, single spaces."""
    text = " ".join(unicodedata.normalize("NFKC", value).casefold().split())
    if re.fullmatch(r"\+?[0-9 ()-]{8,}", text):
        digits = re.sub(r"\D", "", text)
        text = "0" + digits[2:] if digits.startswith("82") and text.startswith("+") else digits
    if not text:
        raise BadIdentifier(_("There is nothing to look for."))
    return text


def text(value: str) -> str:
    """Return any text as it is, NFC: for digests that only we can compute, not for what people type."""
    return unicodedata.normalize("NFC", value)


NORMALISERS: dict[str, Callable[[str], str]] = {
    "imei": imei,
    "serial": serial,
    "adb": serial,
    "licence": licence,
    "contact": contact,
    "email": contact,
    "phone": contact,
    "text": text,
}
# The policy's item codes, as other names of the same index.
ALIASES = {"serial_number": "serial", "adb_number": "adb", "licence_key": "licence"}


def normalise(kind: str, value: str) -> str:
    """Return ``value`` as the index of this kind compares it; raises ``BadIdentifier``."""
    return NORMALISERS[ALIASES.get(kind, kind)](value)


def index(kind: str, value: str) -> bytes:
    """Return the blind index of ``value``; two kinds never share one. Raises ``BadIdentifier``, ``WrongKey``."""
    name = ALIASES.get(kind, kind)
    message = b"privacy.vault index v1\0" + name.encode() + b"\0" + normalise(name, value).encode()
    return hmac.digest(providers.index_key(), message, "sha256")
