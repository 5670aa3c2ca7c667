"""What people write to the number that text messages come from, as a provider says it: read, or refused with a code.

Nothing in it is proven: whoever sends a text message can give any number as theirs.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from privacy.lib.http.control_characters import CONTROL_CHARACTERS

# Of a call; a service that gives more is asked again for the others.
MOST_REPLIES = 30
# Twice what a carrier takes as one message, in characters.
LONGEST_REPLY = 4_000
MESSAGE_NUMBER = re.compile(r"[\w-]{1,48}", re.A)
NUMBER = re.compile(r"\+?[0-9][0-9-]{2,19}", re.A)
FIRST_YEAR = 2000
# What can't be told apart by its id is left at the service; what its id says is a place to go on after.
NO_ID, LONGEST_MARK = "no-id", 200


@dataclass(frozen=True, slots=True)
class Reply:
    """One text message from somebody, in clear; ``trouble`` is the code for why nothing of it can be kept."""

    id: str
    sender: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    received_at: datetime | None = None
    trouble: str = ""


def read_replies(said: Sequence[object]) -> list[Reply]:
    """Return an answer in its order, of what can be told apart MOST_REPLIES at most.

    What has no usable id has the trouble ``no-id``, and as its id what the next can be asked for after, or nothing.
    """
    found, usable = list[Reply](), 0
    for one in said:
        mark = one.get("id") if isinstance(one, dict) else None
        if isinstance(one, dict) and _is_id(mark):
            found.append(_read(one))
            usable += 1
        else:
            is_mark = isinstance(mark, str) and len(mark) <= LONGEST_MARK
            found.append(Reply(str(mark) if is_mark else "", trouble=NO_ID))
        if usable == MOST_REPLIES:
            break
    return found


def _is_id(said: object) -> bool:
    return isinstance(said, str) and MESSAGE_NUMBER.fullmatch(said) is not None


def _read(said: Mapping[str, Any]) -> Reply:
    sender, text, moment = said.get("from"), said.get("text"), _moment(said.get("received_at"))
    if not (isinstance(sender, str) and isinstance(text, str) and NUMBER.fullmatch(sender)) or moment is None:
        return Reply(said["id"], trouble="malformed")
    if len(text) > LONGEST_REPLY:
        return Reply(said["id"], trouble="too-large")
    clean = CONTROL_CHARACTERS.sub("", text).replace("\r\n", "\n").replace("\r", "\n").strip()
    return Reply(said["id"], sender, clean, moment, "" if clean else "empty")


def _moment(said: object) -> datetime | None:
    """Return a moment that names its time zone and that every calendar knows, or nothing."""
    try:
        moment = datetime.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        return None
    if moment is None or moment.tzinfo is None or moment.year < FIRST_YEAR:
        return None
    return moment
