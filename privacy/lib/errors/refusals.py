"""What a verb raises when it says no: a message that is fit to show to the person who asked."""

from typing import Any

from django.utils.functional import Promise, lazy
from django.utils.translation import gettext_lazy as _


def sentence(text: Promise, **values: object) -> str:
    """Return a sentence that is put together when it is shown: in the language of who reads it.

    For what is raised while a document is made, which may be in another language than its reader's.
    """
    return lazy(lambda: str(text) % values, str)()


class Refusal(Exception):
    """A domain refusal.

    ``message`` says what to do about it, in the language of the reader; ``code`` is the word machines get;
    ``pointer`` is the JSON pointer (RFC 6901) of the offending item, where there is one.
    """

    code = "refused"

    def __init__(self, message: Any = "", *, code: str | None = None, pointer: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.pointer = pointer
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return str(self.message)

    @property
    def plain(self) -> str:
        """The message without markup, for machines."""
        return str(self)


class Unavailable(Refusal):
    """What is needed to act is away. The page answers 503: nothing that a form could mend.

    ``heading`` says on the page what is away, ``retry_after`` (seconds) is what machines are told, and
    ``passes_soon`` whether a page that is loaded again in a few seconds may be answered.
    """

    code = "unavailable"
    heading: str | Promise = _("Temporarily unavailable")
    retry_after = 5
    passes_soon = True


class TooManyAttempts(Refusal):
    """Too many tries or messages from one place, or about one thing, in an hour."""

    code = "too-many"
