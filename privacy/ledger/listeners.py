"""Who hears of an entry in the transaction that writes it: apps above the ledger that tell others what happened."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import models


@dataclass(frozen=True)
class RecordedAct:
    """An act as its verb put it on record; ``about`` is the record itself, or its label and key."""

    word: str
    about: "models.Model | tuple[str, object] | None"
    facts: Mapping[str, Any]
    at: datetime


type Listener = Callable[[RecordedAct], None]
LISTENERS: dict[str, Listener] = {}


def listen(words: Iterable[StrEnum], listener: Listener) -> None:
    """Call ``listener`` in the transaction of each act with one of these words; what it raises undoes the act."""
    for word in words:
        if word in LISTENERS:
            raise ValueError(f"two listeners for {word}")
        LISTENERS[str(word)] = listener


def heard(word: StrEnum, about: "models.Model | tuple[str, object] | None", facts: Any, at: datetime) -> None:
    """Tell whoever listens to a word."""
    listener = LISTENERS.get(word)
    if listener is not None:
        listener(RecordedAct(str(word), about, facts or {}, at))


def must_have_none(word: StrEnum) -> None:
    """Raise ValueError for a word that somebody listens to: outside the transaction of its act nobody would hear."""
    if word in LISTENERS:
        raise ValueError(f"{word} is recorded in the transaction of its act alone: somebody listens to it.")
