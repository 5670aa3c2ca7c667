"""Characters that no text from outside may have: controls, direction overrides, lone surrogates (SEC-37).

They break files and registers (XML 1.0, 2.2, has no place for most of them) and let a text show as another one. Every
form of the portal refuses them; texts that came otherwise are cleaned where they are written.
"""

import re

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.forms import CharField
from django.utils.translation import gettext_lazy as _

CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")

# Of a field that says nothing shorter itself: a list of eighty thousand references is as long.
LONGEST = 1_000_000


def has_no_control_characters(text: str) -> bool:
    """Whether a text has no control characters, direction overrides or lone surrogates; tabs and line ends may be."""
    return CONTROL_CHARACTERS.search(text) is None


def refuse_control_characters(text: str) -> None:
    """Refuse them in a form's field. Raises ValidationError, saying what to do."""
    if not has_no_control_characters(str(text)):
        raise ValidationError(
            _("The text contains an invisible control character, perhaps from copying. Type it again."),
            code="control-character",
        )


def refuse_endless_text(value: object) -> None:
    """Refuse a text longer than ``LONGEST``; a field of numbers or ids gives none. Raises ValidationError."""
    if isinstance(value, str):
        MaxLengthValidator(LONGEST)(value)


def refuse_in_every_form() -> None:
    """Let every text field of every form refuse them, and have an end: ours, the console's, those of the libraries."""
    if refuse_control_characters not in CharField.default_validators:
        CharField.default_validators = [
            *CharField.default_validators,
            refuse_control_characters,
            refuse_endless_text,
        ]
