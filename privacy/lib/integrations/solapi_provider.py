"""Solapi, a Korean provider of text messages, by its own library.

It knows no idempotency keys: each message carries ours as a custom field, and what may have been sent before is looked
for there first.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import SplitResult, unquote

from django.conf import settings
from solapi import SolapiMessageService
from solapi.error.MessageNotReceiveError import MessageNotReceivedError
from solapi.model import KakaoOption
from solapi.model.message_type import MessageType
from solapi.model.request.message import Message
from solapi.model.request.messages.get_messages import GetMessagesRequest
from solapi.model.request.send_message_request import SendRequestConfig

from privacy.lib.integrations.text_messages import (
    DeliveryReport,
    KakaoMessage,
    NotAccepted,
    OneByOne,
    ProviderUnavailable,
    State,
    message_number,
    reason_code,
)
from privacy.lib.integrations.text_replies import Reply

# Solapi's codes: taken, handed to the carrier, received; all else has failed.
UNDER_WAY, RECEIVED = {"", "2000", "3000"}, "4000"
KEY = "key"


class SolapiProvider(OneByOne):
    """Solapi under a key and its secret: ``solapi://KEY:SECRET@host``; plain HTTP on this machine alone."""

    def __init__(self, url: SplitResult, *, sender: str) -> None:
        self.service = SolapiMessageService(unquote(url.username or ""), unquote(url.password or ""))
        scheme = "http" if url.hostname == "127.0.0.1" else "https"
        self.service.base_url = f"{scheme}://{url.netloc.rpartition('@')[2]}"
        self.sender = sender

    def send(self, *, to: str, text: str, key: str, kakao: KakaoMessage | None = None) -> str:
        if (known := self._find(to, key)) is not None:
            return known
        message = Message(from_=self.sender, to=to, text=text, custom_fields={KEY: key})
        if kakao is not None:
            # Its own fall-back to a text message is off: it would be a second message that nobody here counts.
            message.kakao_options = KakaoOption(
                pf_id=settings.KAKAO_CHANNEL, template_id=kakao.template, variables=dict(kakao.variables),
                disable_sms=True,
            )  # fmt: skip
            message.type = MessageType.ATA
        config = SendRequestConfig(allow_duplicates=True, show_message_list=True)
        try:
            said = self.service.send(message, config)
        except MessageNotReceivedError as refused:
            codes = {str(one.status_code) for one in refused.failed_messages}
            raise NotAccepted(f"status {', '.join(sorted(codes))}") from None
        except Exception as error:  # noqa: BLE001 - the library raises bare exceptions, whose text may hold the number
            raise ProviderUnavailable(type(error).__name__) from None
        taken = said.message_list or []
        if not taken:
            raise ProviderUnavailable("the answer names no message")
        return message_number(taken[0].message_id)

    def report(self, message: str) -> DeliveryReport:
        found = self._messages(message_id=message).get(message)
        if found is None:
            raise ProviderUnavailable("it knows no such message")
        code = str(found.status_code or "")
        if code == RECEIVED:
            state = State.DELIVERED
        else:
            state = State.ACCEPTED if code in UNDER_WAY else State.FAILED
        done = found.date_updated if state == State.DELIVERED else None
        return DeliveryReport(state, done, reason_code(code) if state == State.FAILED else "")

    def replies(self, *, after: str) -> Sequence[Reply]:
        """Return none: its interface gives nothing that people wrote."""
        return ()

    def _find(self, to: str, key: str) -> str | None:
        """Return the message that went out to a number under a key already; Solapi keeps six months of them."""
        start: str | None = None
        while True:
            page = self._page(to=to, start_key=start, limit=500)
            for number, message in page.message_list.items():
                if (message.custom_fields or {}).get(KEY) == key:
                    return str(number)
            start = page.next_key
            if not start:
                return None

    def _messages(self, **asked: Any) -> dict[str, Any]:
        return dict(self._page(**asked).message_list)

    def _page(self, **asked: Any) -> Any:
        try:
            return self.service.get_messages(GetMessagesRequest(**asked))
        except Exception as error:  # noqa: BLE001 - as above
            raise ProviderUnavailable(type(error).__name__) from None
