"""What a browser's cookies hold, as words: the messages of a page are packed and signed in theirs."""

from django.conf import settings
from django.test import Client, RequestFactory

from privacy.lib.http.message_storage import HostCookieStorage


def words_in_cookies(client: Client) -> str:
    """Return every value of a client's cookies, and the messages that wait in one for the next page."""
    values = {name: one.value for name, one in client.cookies.items()}
    waiting = HostCookieStorage(RequestFactory().get("/"))._decode(values.get(settings.MESSAGES_COOKIE_NAME, ""))
    return " ".join([*values.values(), *(str(one) for one in waiting or [])])
