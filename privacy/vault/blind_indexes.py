"""Blind indexes: how an identifier is found without being stored in clear (SEC-25).

HMAC-SHA-256 under a key of its own over the normalised value, equality only. A plain hash would not do: the hash of
an IMEI whose type code is known was reversed in seconds.
"""

import hmac
import re
import unicodedata
from collections.abc import Callable

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

from privacy.vault.refusals import InvalidIdentifier

# A telephone number as people part it: spaces, brackets, dots, slashes, hyphens and dashes.
TELEPHONE = re.compile(r"\+?[0-9 ()./\-\u2010-\u2015\u2212]{8,}")


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1, as in 3GPP TS 23.003 for IMEIs)."""
    doubled = [int(digit) * (2 if position % 2 else 1) for position, digit in enumerate(reversed(digits))]
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


def imei(value: str) -> str:
    """Return the 15 digits of an IMEI, written with or without spaces and hyphens."""
    digits = re.sub(r"[\s-]", "", value)
    if not re.fullmatch(r"[0-9]{15}", digits):
        raise InvalidIdentifier(_("An IMEI has 15 digits."))
    if not luhn(digits):
        raise InvalidIdentifier(_("This IMEI is wrong: its check digit doesn't match. Check for a typing error."))
    return digits


def serial(value: str) -> str:
    """Return a serial or ADB number trimmed and in upper case."""
    return _code(value, _("A serial or ADB number has 1 to 64 letters, digits and symbols, and no spaces."))


def licence(value: str) -> str:
    """Return a licence key trimmed and in upper case."""
    return _code(value, _("A licence key has 1 to 64 letters, digits and symbols, and no spaces."))


def _code(value: str, otherwise: str) -> str:
    code = unicodedata.normalize("NFKC", value).strip().upper()
    if not re.fullmatch(r"[\x21-\x7e]{1,64}", code):
        raise InvalidIdentifier(otherwise)
    return code


def contact(value: str) -> str:
    """Return an e-mail address, telephone number or other text as it is compared: NFKC, folded, single spaces.

    A Korean number is the same with and without its country code, however it is parted: ``+82 (0)10-1234-5678``.
    """
    visible = "".join(sign for sign in unicodedata.normalize("NFKC", value) if unicodedata.category(sign) != "Cf")
    text = " ".join(visible.casefold().split())
    if TELEPHONE.fullmatch(text):
        text = _national(re.sub(r"[^0-9]", "", text), international=text.startswith("+"))
    if not text:
        raise InvalidIdentifier(_("Enter something to search for."))
    return text


def _national(digits: str, *, international: bool) -> str:
    # A Korean number begins with 0 or is a short service number: 82 and nine digits or more are country and number.
    digits = digits if international else re.sub(r"^00(?=82)", "", digits)
    if digits.startswith("82") and (international or len(digits) >= 11):
        return "0" + digits[2:].lstrip("0")
    return digits


def text(value: str) -> str:
    """Return any text as it is, NFC: for digests that only we can compute, not for what people type."""
    return unicodedata.normalize("NFC", value)


NORMALISERS: dict[str, Callable[[str], str]] = {
    "imei": imei,
    "serial": serial,
    "adb": serial,
    "licence": licence,
    "contact": contact,
    "text": text,
}
# The policy's item codes, as other names of the same index. Those of devices are registered by the app that has them.
ALIASES = {"email": "contact", "phone": "contact"}
_registered: set[str] = set()


def register(item: str, normaliser: Callable[[str], str], *, index: str = "") -> None:
    """Say how an item is compared, under the fixed name of its index (default: its code), which is never changed."""
    name = index or item
    if NORMALISERS.setdefault(name, normaliser) is not normaliser:
        raise ImproperlyConfigured(f"The blind index {name} compares its values in another way.")
    if name != item:
        ALIASES[item] = name
    _registered.add(item)


def registered_items() -> frozenset[str]:
    """Return the items that were registered: by these names nothing may lie in clear."""
    return frozenset(_registered)


def normalise(kind: str, value: str) -> str:
    """Return ``value`` as the index of this kind compares it; raises ``InvalidIdentifier``."""
    name = index_name(kind)
    if name not in NORMALISERS:
        raise ImproperlyConfigured(f"There is no blind index named {kind}: register how its values are compared.")
    return NORMALISERS[name](value)


def index_name(kind: str) -> str:
    """Return the fixed name of the index that a kind of identifier, or an item that goes by one, is found in."""
    return ALIASES.get(kind, kind)


def digest(key: bytes, name: str, normalised: str) -> bytes:
    """Return the blind index of a normalised value under the index key; two kinds never share one."""
    return hmac.digest(key, b"privacy.vault index v1\0" + name.encode() + b"\0" + normalised.encode(), "sha256")
