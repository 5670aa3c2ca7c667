"""What a new password is held against: its length, common ones, its owner's own words, and the words of this office."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

MIN_LENGTH = 12
# What somebody who guesses tries first here (docs/inventory.md, Passwords); a test holds the two lists equal.
WORDS = (
    "extrus", "exafe", "익스트러스", "엑스트러스", "privacy", "portal", "officer", "handler", "auditor", "employee",
    "password", "welcome", "admin", "seoul", "개인정보", "보호책임자", "비밀번호", "포털", "담당자", "관리자",
)  # fmt: skip
# How many letters a password must have beside them.
BESIDE = 8
_WORDS = re.compile("|".join(re.escape(word) for word in WORDS), re.IGNORECASE)


class WordsOfTheOfficeValidator:
    """Refuse a password that is little more than words of this office, such as ``Extrus-privacy-2026``."""

    def validate(self, password: str, user: object = None) -> None:
        """Raise ValidationError where fewer than ``BESIDE`` letters are left beside such words."""
        rest, found = _WORDS.subn("", password)
        if found and len(rest) < BESIDE:
            raise ValidationError(self.get_help_text(), code="words_of_the_office")

    def get_help_text(self) -> str:
        return _("A password is more than the name of the company, of a product or of a role with a few characters.")


VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": MIN_LENGTH},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "config.password_rules.WordsOfTheOfficeValidator"},
]
