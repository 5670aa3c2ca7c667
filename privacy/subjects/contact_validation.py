"""What can be a contact of a kind, and what a text message can go to."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from privacy.lib.errors.refusals import Refusal
from privacy.lib.integrations import text_messages
from privacy.subjects.models import Contact


class InvalidContact(Refusal):
    """This can't be a contact of that kind."""

    code = "bad-contact"


def validate_contact(item: str, value: str) -> None:
    """Refuse what can't be an e-mail address or a phone number; an address may be anything. Raises InvalidContact."""
    if item == Contact.Kind.EMAIL:
        try:
            validate_email(value.strip())
        except ValidationError:
            raise InvalidContact(_("Enter an e-mail address, such as mina@example.org.")) from None
    elif item == Contact.Kind.PHONE and not 7 <= sum(sign.isdigit() for sign in value) <= 15:
        raise InvalidContact(_("Enter a phone number with its area code, such as 02-6928-6774."))


def can_be_texted(value: str) -> bool:
    """Whether a text message can go to a phone number: the portal sends them, and it is a mobile number."""
    return text_messages.are_sent() and text_messages.mobile_number(value) is not None
