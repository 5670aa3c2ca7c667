"""What a correction replaced, so that whoever repeats it changes nothing (decision 0435).

Of each value only its blind index is kept, in the row that has the right one: it is destroyed with it.
"""

from collections.abc import Mapping
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

type Replaced = dict[str, list[str]]


def replaced_field() -> Any:
    """Return the column that keeps them: by item, the blind indexes in hexadecimal digits."""
    return models.JSONField(_("what corrections replaced"), default=dict, db_default={}, editable=False)


def index_of(row: models.Model, field: str) -> bytes | None:
    """Return the blind index of a sealed field, where it has one."""
    index: Any = getattr(row, f"{field}_index", None)
    return None if index is None else bytes(index)


def remember(kept: Mapping[str, list[str]], item: str, *, was: bytes | None, now: bytes | None) -> Replaced:
    """Return what is kept once a correction has put the value with the index ``now`` in the place of ``was``.

    What is right now is wrong no more, and the same correction again changes nothing.
    """
    found = set(kept.get(item, ())) - {_digits(now)}
    if was and was != now:
        found.add(_digits(was))
    rest = {name: list(indexes) for name, indexes in kept.items() if name != item}
    return {**rest, item: sorted(found)} if found else rest


def was_replaced(kept: Mapping[str, list[str]], item: str, index: bytes) -> bool:
    """Whether a correction replaced the value with this index, and no other has put it back."""
    return _digits(index) in kept.get(item, ())


def _digits(index: bytes | None) -> str:
    return bytes(index or b"").hex()
