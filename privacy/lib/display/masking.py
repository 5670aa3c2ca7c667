"""Showing a value without giving it away: the patterns of the certification guide (ISMS 2.6.3, rule base §11)."""

import ipaddress
import re

STAR = "*"


def name(value: str) -> str:
    """Mask a name: the middle of it, the second letter of a two-letter one, all but first and last of a longer one."""
    value = value.strip()
    if len(value) <= 1:
        return STAR * len(value)
    if len(value) == 2:
        return value[0] + STAR
    return value[0] + STAR * (len(value) - 2) + value[-1]


def phone(value: str) -> str:
    """Mask the exchange of a telephone number: ``010-****-0913``; a number of unknown shape keeps its last four."""
    digits = re.sub(r"\D", "", value)
    match = re.fullmatch(r"(02|0\d{2})(\d{3,4})(\d{4})", digits)
    if match is None:
        return all_but_last(digits)
    area, exchange, line = match.groups()
    return f"{area}-{STAR * len(exchange)}-{line}"


def email(value: str) -> str:
    """Mask the local part behind its first two letters: ``ma******@abcd.com``; a shorter one is masked whole."""
    local, at, domain = value.strip().rpartition("@")
    if not at:
        return STAR * len(value.strip())
    shown = local[:2] if len(local) > 2 else ""
    return f"{shown}{STAR * (len(local) - len(shown))}@{domain}"


def address(value: str) -> str:
    """Mask every digit behind the name of the road or the district."""
    match = re.search(r"(?<=\S)(?:로|길|동|읍|면|리|[Rr]oad|[Ss]t(?:reet)?|-ro|-gil|-dong)(?=\s|\d|,|$)", value)
    start = match.end() if match else 0
    return value[:start] + re.sub(r"\d", STAR, value[start:])


def ip_address(value: str) -> str:
    """Mask the third octet of an IPv4 address; of an IPv6 one everything behind its first 48 bits."""
    parsed = ipaddress.ip_address(value.strip())
    if isinstance(parsed, ipaddress.IPv4Address):
        first, second, _, fourth = str(parsed).split(".")
        return f"{first}.{second}.***.{fourth}"
    return ":".join(parsed.exploded.split(":")[:3]) + ":***"


def resident_number(value: str) -> str:
    """Mask the last seven digits of a resident registration number."""
    digits = re.sub(r"\D", "", value)
    return f"{digits[:6]}-{STAR * 7}" if len(digits) == 13 else STAR * len(digits)


def card(value: str) -> str:
    """Mask six digits from the seventh on."""
    digits = re.sub(r"\D", "", value)
    return digits[:6] + STAR * len(digits[6:12]) + digits[12:] if len(digits) >= 14 else STAR * len(digits)


def identifier(value: str) -> str:
    """Mask a terminal's identifier down to its last four characters; the guide gives no pattern of its own."""
    return all_but_last(value.strip())


def all_but_last(value: str, shown: int = 4) -> str:
    """Mask all but the last characters, and all of a value that is not at least twice as long."""
    if len(value) < 2 * shown:
        return STAR * len(value)
    return STAR * (len(value) - shown) + value[-shown:]
