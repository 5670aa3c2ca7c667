"""Raw keys, for the moment of a request: unwrapped, put together, forgotten. Nothing here decides who may have them."""

from collections.abc import Sequence

from privacy.vault import crypto, key_providers
from privacy.vault.keyservice.messages import MonthKey, Pair, SubjectKey, WrappedKeys
from privacy.vault.refusals import InvalidCiphertext


def wrapped_keys(keys: WrappedKeys) -> list[SubjectKey | MonthKey]:
    """Return the keys of people, then those of months."""
    return [*keys.subjects, *keys.months]


def label_of(key: SubjectKey | MonthKey) -> bytes:
    """Return what a wrapped key is bound to."""
    if isinstance(key, SubjectKey):
        return crypto.subject_key_label(key.subject, key.category)
    return crypto.month_key_label(key.category, key.month)


def unwrap(keys: Sequence[SubjectKey | MonthKey]) -> list[bytes]:
    """Return raw keys. Raises WrongKey if one of them does not open under its own label."""
    return key_providers.master_keys().unwrap(
        [key_providers.WrappedKey(key.generation, key.wrapped, label_of(key)) for key in keys]
    )


def content_keys(keys: WrappedKeys, pairs: Sequence[Pair]) -> list[bytes]:
    """Return the content key of each pair of a person's and a month's key of one category.

    Raises WrongKey where a key does not open or a pair is of two categories.
    """
    raw = unwrap(wrapped_keys(keys))
    of_subjects, of_months = raw[: len(keys.subjects)], raw[len(keys.subjects) :]
    made = []
    for subject, month in pairs:
        if not (0 <= subject < len(of_subjects) and 0 <= month < len(of_months)):
            raise InvalidCiphertext
        if keys.subjects[subject].category != keys.months[month].category:
            raise InvalidCiphertext
        made.append(crypto.content_key(of_subjects[subject], of_months[month]))
    return made
