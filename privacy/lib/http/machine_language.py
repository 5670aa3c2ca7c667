"""In which language machines are answered: the one that they ask for, else the portal's own."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation.trans_real import get_supported_language_variant, parse_accept_lang_header


def requested_language(request: HttpRequest) -> str:
    """Return the language of an answer to a program: the first of Accept-Language that the portal speaks."""
    for asked, _weight in parse_accept_lang_header(request.META.get("HTTP_ACCEPT_LANGUAGE", "").lower()):
        try:
            return get_supported_language_variant(asked)
        except LookupError:
            continue
    return str(settings.LANGUAGE_CODE)
