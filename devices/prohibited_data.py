"""What is never taken (P3.4): sensitive and unique identification information, by name, by declared type, or as a
resident number in free text; and text that no honest client sends.

Nothing here repeats a value, or a name that could itself carry one.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from typing import Any

# Parts of names, in the spelling that ``normalized_name`` gives, of the kinds of PIPA 23, 24, 24-2 and Decree 18, 19.
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
END_OF_ACRONYM = re.compile(r"(?<=[A-Z])(?=[A-Z][a-z])")
# Names of hangul are also written in several words; so short ones would be found across two that mean something else.
SHORT_HANGUL = 2
TYPE_KEYS = frozenset({"type", "data_type", "datatype", "kind", "category", "classification"})
SAFE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,47}")
# Thirteen digits as people write them: six, at most a few signs that part them, seven. Among the signs are letters that
# look like a dash or a dot: the long vowel of kana, the vowels eu, i and arae-a of hangul, the Chinese one; and the
# lines of boxes, which Korean keyboards offer first.
SEPARATORS = (
    r"[\s\-._/~\u00b7\u02d7\u05be\u1806\u2010-\u2015\u2022\u2027\u2043\u2212\u2219\u22c5\u2500-\u254f\u2574-\u257f\u2796"
    r"\u2e3a\u2e3b\u301c\u30fb\u30fc\u3161\u3163\u318d\u1173\u1175\u119e\u4e00\u4e28]"
)
RESIDENT_NUMBER = re.compile(rf"(?<!\d)(\d{{6}})({SEPARATORS}{{0,3}})(\d{{7}})(?!\d)", re.ASCII)
# Letters that show nothing: the fillers of hangul.
FILLERS = "\u115f\u1160\u3164\uffa0"
CHECK_DIGIT_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
# The first digit of the second part tells sex and century: 1 and 2 of the 1900s, 3 and 4 of the 2000s, and 5 to 8 the
# same of foreigners. Nobody born in the 1800s (9, 0) is left.
CENTURIES = {"1": 1900, "2": 1900, "5": 1900, "6": 1900, "3": 2000, "4": 2000, "7": 2000, "8": 2000}
LAST_BIRTH = 2049
# Plain runs that begin so are most often a clock's milliseconds (2001 to 2033).
TIMESTAMP_PREFIXES = tuple(str(number) for number in range(10, 20))


def normalized_name(name: str) -> str:
    """Return a name as it is compared: NFKC, without what shows nothing, camel case taken apart, lower case,
    underscores.
    """
    text = "".join(map(_normalized_character, unicodedata.normalize("NFKC", name)))
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
    return re.sub(r"[\s\-./]+", "_", text).casefold()


def is_sensitive_name(name: str) -> bool:
    """Whether a name is among the statutory sensitive or unique-identification kinds."""
    text = normalized_name(name)
    words = {*text.split("_"), *normalized_name(END_OF_ACRONYM.sub("_", name)).split("_")}
    unparted = text.replace("_", "")
    return any(
        ("_" in part and part in text) or any(word.startswith(part.replace("_", "")) for word in words)
        if part.isascii()
        else part in text or (len(part) > SHORT_HANGUL and part in unparted)
        for part in SENSITIVE_NAMES
    )


def is_sensitive_item(name: str, value: Any) -> bool:
    """Whether an undeclared item is sensitive by its name, by its declared type, or by what stands inside it."""
    if is_sensitive_name(name):
        return True
    if normalized_name(name) in TYPE_KEYS and isinstance(value, str) and is_sensitive_name(value[:100]):
        return True
    if isinstance(value, dict):
        return any(isinstance(key, str) and is_sensitive_item(key, inner) for key, inner in value.items())
    if isinstance(value, list):
        return any(is_sensitive_item("", inner) for inner in value if isinstance(inner, dict | list))
    return False


def is_resident_number(front: str, back: str, *, parted: bool) -> bool:
    """Whether six and seven digits make a resident or alien registration number.

    Numbers issued since October 2020 have no check digit, so a birth date with its sex and century is enough. Only a
    plain run that may be a clock's milliseconds needs the check digit that older numbers have (decision 0055).
    """
    century = CENTURIES.get(back[0])
    if century is None:
        return False
    try:
        born_on = date(century + int(front[:2]), int(front[2:4]), int(front[4:]))
    except ValueError:
        return False
    if born_on.year > LAST_BIRTH:
        return False
    return parted or not front.startswith(TIMESTAMP_PREFIXES) or _has_check_digit(front + back)


def _has_check_digit(digits: str) -> bool:
    total = sum(weight * int(digit) for weight, digit in zip(CHECK_DIGIT_WEIGHTS, digits, strict=False))
    base = 13 if digits[6] in "5678" else 11
    return (base - total % 11) % 10 == int(digits[12])


def contains_resident_number(text: str) -> bool:
    """Whether a resident number is anywhere in a text, also in other digits and with signs that show nothing.

    No clock writes a sign among its digits, not even one that shows nothing.
    """
    hidden: set[int] = set()
    if not text.isascii():
        text, hidden = _as_seen(text)
    return any(
        is_resident_number(
            found[1], found[3], parted=bool(found[2]) or any(found.start() < at < found.end() for at in hidden)
        )
        for found in RESIDENT_NUMBER.finditer(text)
    )


def _as_seen(text: str) -> tuple[str, set[int]]:
    """Return a text as the eye takes it, and before which of its signs stood something that shows nothing."""
    seen: list[str] = []
    hidden = set()
    for char in unicodedata.normalize("NFKC", text):
        if shown := _normalized_character(char):
            seen.append(shown)
        else:
            hidden.add(len(seen))
    return "".join(seen), hidden


def _normalized_character(char: str) -> str:
    """Return a sign as the eye takes it: digits of every script are digits, and what shows nothing is nothing."""
    if char.isascii():
        return char
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    return "" if char in FILLERS or unicodedata.category(char) in {"Cf", "Mn", "Me", "Cc"} else char


def iter_texts(value: Any) -> Iterable[str]:
    """Yield every text inside a value, names of items included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from iter_texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from iter_texts(inner)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value)


def safe_name(name: str) -> str | None:
    """Return a name that may be repeated in an answer, or ``None``: a name can carry a value too."""
    if SAFE_NAME.fullmatch(name) and sum(char.isdigit() for char in name) < 5:
        return name
    return None
