"""What a page says after an act: of whoever is signed in in their session, of a visitor in a cookie of this host.

A refusal may name a colleague or a record, and what is in a cookie stays in the browser (ASVS 3.3.1, 3.3.3, 14.3.3).
"""

from typing import Any

from django.conf import settings
from django.contrib.messages.storage.base import Message
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage
from django.http import HttpResponse


class HostCookieStorage(CookieStorage):
    cookie_name = settings.MESSAGES_COOKIE_NAME

    def _store(self, messages: list[Message], response: HttpResponse, *args: Any, **kwargs: Any) -> list[Any]:
        """Store what is for a visitor, and leave the rest to the session."""
        user = getattr(self.request, "user", None)
        is_visitor = user is None or not user.is_authenticated
        left: list[Any] = super()._store(messages if is_visitor else [], response, *args, **kwargs)  # type: ignore[misc]  # the stubs leave it out
        return left if is_visitor else messages


class OwnSessionStorage(SessionStorage):
    def _store(self, messages: list[Message], response: HttpResponse, *args: Any, **kwargs: Any) -> list[Any]:
        """Say nothing where the act itself has ended this session: to write it down there would be an error."""
        session = self.request.session
        if session.session_key and messages and not session.exists(session.session_key):
            return []
        left: list[Any] = super()._store(messages, response, *args, **kwargs)  # type: ignore[misc]  # the stubs leave it out
        return left


class MessageStorage(FallbackStorage):
    """In the cookie of a visitor; in the session of who is signed in, and where it is too long for a cookie."""

    storage_classes = (HostCookieStorage, OwnSessionStorage)

    def _get(self, *_args: Any, **_kwargs: Any) -> tuple[list[Message], bool]:
        """Return what waits in either; the library looks into the session only where the cookie is full."""
        found: list[Message] = []
        for storage in self.storages if settings.SESSION_COOKIE_NAME in self.request.COOKIES else self.storages[:1]:
            waiting, _is_all = storage._get()
            if waiting:
                self._used_storages.add(storage)  # type: ignore[attr-defined]  # the stubs leave it out
                found.extend(waiting)
        return found, True
