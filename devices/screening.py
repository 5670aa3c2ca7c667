"""What is never taken (P3.4): sensitive and unique identification information, by name, by declared type, or as a
resident number in free text; and text that no honest client sends.

Nothing here repeats a value, or a name that could itself carry one.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from typing import Any

# Parts of names, in the spelling that ``folded`` gives, of the kinds of PIPA 23, 24, 24-2 and Decree 18, 19.
SENSITIVE_NAMES = [
    "belief",
    "religio",
    "creed",
    "ideolog",
    "philosoph",
    "faith",
    "church",
    "conscience",
    "union",
    "labor_membership",
    "labour_membership",
    "party",
    "politic",
    "election_choice",
    "vote_choice",
    "ballot",
    "health",
    "medical",
    "disease",
    "illness",
    "diagnos",
    "disabilit",
    "patient",
    "prescription",
    "hospital",
    "allerg",
    "pregnan",
    "medication",
    "symptom",
    "blood_type",
    "blood_group",
    "heart_rate",
    "mental",
    "sex_life",
    "sexual",
    "sex_orientation",
    "orientation_sex",
    "gender_identity",
    "genetic",
    "genom",
    "dna",
    "rna_sequence",
    "criminal",
    "crime",
    "conviction",
    "arrest_record",
    "offence",
    "offense",
    "biometr",
    "fingerprint",
    "face_print",
    "faceprint",
    "face_id",
    "face_template",
    "iris",
    "retina",
    "voice_print",
    "voiceprint",
    "palm_print",
    "vein",
    "race",
    "racial",
    "ethnic",
    "nationality_origin",
    "resident_registration",
    "resident_number",
    "residence_number",
    "rrn",
    "jumin",
    "ssn",
    "social_security",
    "national_id",
    "citizen_id",
    "passport",
    "driver_licen",
    "drivers_licen",
    "driving_licen",
    "driver_number",
    "alien_regist",
    "alien_number",
    "foreigner_regist",
    "arc_number",
    "사상",
    "신념",
    "종교",
    "신앙",
    "노동조합",
    "노조",
    "정당",
    "정치",
    "투표",
    "건강",
    "의료",
    "질병",
    "병력",
    "진료",
    "장애",
    "성생활",
    "성적",
    "유전",
    "범죄",
    "전과",
    "생체",
    "생체인식",
    "지문",
    "홍채",
    "안면",
    "정맥",
    "인종",
    "민족",
    "주민등록",
    "주민번호",
    "여권",
    "운전면허",
    "면허번호",
    "외국인등록",
]
TYPE_KEYS = frozenset({"type", "data_type", "datatype", "kind", "category", "classification"})
SAFE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,47}")
# Thirteen digits as people write them: six, at most a few separators, seven.
RESIDENT = re.compile(r"(?<!\d)(\d{6})[\s\-‐-―·._/]{0,3}(\d{7})(?!\d)", re.ASCII)
RESIDENT_BYTES = re.compile(rb"\d{6}(?:[\s\-._/]|\xe2\x80[\x90-\x95]|\xc2\xb7){0,3}\d{7}(?!\d)")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
CENTURIES = {
    "9": 1800,
    "0": 1800,
    "1": 1900,
    "2": 1900,
    "5": 1900,
    "6": 1900,
    "3": 2000,
    "4": 2000,
    "7": 2000,
    "8": 2000,
}


def folded(name: str) -> str:
    """Return a name as it is compared: NFKC, camel case taken apart, lower case, underscores."""
    text = unicodedata.normalize("NFKC", name)
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
    return re.sub(r"[\s\-./]+", "_", text).casefold()


def is_sensitive_name(name: str) -> bool:
    """Whether a name is among the statutory sensitive or unique-identification kinds."""
    text = folded(name)
    words = text.split("_")
    return any(
        part in text if "_" in part or not part.isascii() else any(word.startswith(part) for word in words)
        for part in SENSITIVE_NAMES
    )


def is_sensitive_item(name: str, value: Any) -> bool:
    """Whether an undeclared item is sensitive by its name, by its declared type, or by what stands inside it."""
    if is_sensitive_name(name):
        return True
    if folded(name) in TYPE_KEYS and isinstance(value, str) and is_sensitive_name(value[:100]):
        return True
    if isinstance(value, dict):
        return any(isinstance(key, str) and is_sensitive_item(key, inner) for key, inner in value.items())
    if isinstance(value, list):
        return any(is_sensitive_item("", inner) for inner in value if isinstance(inner, dict | list))
    return False


def is_resident_number(front: str, back: str) -> bool:
    """Whether six and seven digits make a resident or alien registration number: valid date, valid check digit."""
    century = CENTURIES[back[0]]
    try:
        date(century + int(front[:2]), int(front[2:4]), int(front[4:]))
    except ValueError:
        return False
    digits = front + back
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits, strict=False))
    base = 13 if back[0] in "5678" else 11
    return (base - total % 11) % 10 == int(digits[12])


def holds_resident_number(text: str) -> bool:
    """Whether a resident number stands anywhere in a text, also in full-width or other digits."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        text = "".join(
            str(unicodedata.decimal(char)) if char.isdecimal() and not char.isascii() else char for char in text
        )
    return any(is_resident_number(front, back) for front, back in RESIDENT.findall(text))


def texts_of(value: Any) -> Iterable[str]:
    """Yield every text inside a value, names of items included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from texts_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_of(inner)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value)


def may_hold_resident_number(encoded: bytes) -> bool:
    """A quick look at encoded JSON; ``False`` is certain as long as all digits are ASCII."""
    return RESIDENT_BYTES.search(encoded) is not None or not encoded.isascii()


def is_clean(text: str) -> bool:
    """Whether a text has no control characters, direction overrides or lone surrogates (SEC-37)."""
    return CONTROL.search(text) is None


def safe_name(name: str) -> str | None:
    """Return a name that may be repeated in an answer, or ``None``: a name can carry a value too."""
    if SAFE_NAME.fullmatch(name) and sum(char.isdigit() for char in name) < 5:
        return name
    return None
