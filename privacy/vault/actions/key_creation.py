"""Making keys where there are none, always under the master key's current generation, never for the destroyed."""

import hmac
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from privacy.lib.identifiers.ids import new_id
from privacy.vault import keys
from privacy.vault.keys import CategoryAndMonth, KeyName, SubjectAndCategory, WrappedKey
from privacy.vault.keyservice import client, messages
from privacy.vault.keyservice.parts import in_parts
from privacy.vault.models import KeyCheck, MonthKey, SubjectKey
from privacy.vault.refusals import Destroyed, WrongKey

# The advisory lock that making holds shared and destroying alone, each to the end of its transaction.
KEY_CREATION_LOCK = 0x6D616B696E67
ENROLMENT_LOCK = 0x656E726F6C
CURRENT = "SELECT * FROM vault_keycheck WHERE kind = 'master' AND current FOR SHARE"
INSERT_SUBJECT_KEYS = """
INSERT INTO vault_subjectkey (id, subject_id, category, wrapped, generation, created_at)
SELECT id, subject_id, category, wrapped, %s, %s
FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::bytea[]) AS made (id, subject_id, category, wrapped)
ON CONFLICT (subject_id, category) DO NOTHING RETURNING subject_id, category
"""
INSERT_MONTH_KEYS = """
INSERT INTO vault_monthkey (id, category, month, wrapped, generation, created_at)
SELECT id, category, month, wrapped, %s, %s
FROM unnest(%s::uuid[], %s::text[], %s::date[], %s::bytea[]) AS made (id, category, month, wrapped)
ON CONFLICT (category, month) DO NOTHING RETURNING category, month
"""


def keys_for_encryption(
    pairs: Collection[SubjectAndCategory], epochs: Collection[CategoryAndMonth], *, at: datetime
) -> dict[KeyName, WrappedKey]:
    """Return the wrapped keys to seal with, making those that don't exist yet.

    Raises ``Destroyed`` for a destroyed subject or epoch, ``WrongKey`` if the keys are not this vault's,
    ``KeyServiceUnavailable``.
    """
    found = keys.find(pairs, epochs)
    if found.destroyed:
        raise Destroyed(found.destroyed)
    if not found.missing:
        return found.wrapped
    try:
        with transaction.atomic():
            made = _make(found.missing, at=at)
    except IntegrityError as error:
        # Destroyed between our question and our insert: the table's own guard refused it.
        if "vault_destroyed_key_never_returns" in str(error):
            raise Destroyed(keys.destroyed_keys(pairs, epochs)) from None
        raise
    wrapped = {**found.wrapped, **made}
    lost = [name for name in found.missing if name not in made]
    if lost:
        # Another process made them in the same moment; its keys are the keys.
        wrapped |= keys.find(*keys.split_names(lost)).wrapped
    return wrapped


def _make(names: list[KeyName], *, at: datetime) -> dict[KeyName, WrappedKey]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [KEY_CREATION_LOCK])
    current = _current(at=at)
    pairs, epochs = keys.split_names(names)
    value = bytes(current.value)
    ciphertexts: list[bytes] = []
    for part in in_parts((subject.bytes, category) for subject, category in pairs):
        ciphertexts += client.ask(messages.NewKeys(current.generation, value, part, []))
    for months in in_parts(epochs):
        ciphertexts += client.ask(messages.NewKeys(current.generation, value, [], months))
    made: dict[KeyName, WrappedKey] = {}
    with connection.cursor() as cursor:
        if pairs:
            new = dict(zip(pairs, ciphertexts[: len(pairs)], strict=True))
            cursor.execute(INSERT_SUBJECT_KEYS, [current.generation, at, *_rows(new)])
            for subject, category in cursor.fetchall():
                wrapped = new[subject, category]
                made["subject", (subject, category)] = messages.SubjectKey(
                    subject.bytes, category, current.generation, wrapped
                )
        if epochs:
            new = dict(zip(epochs, ciphertexts[len(pairs) :], strict=True))
            cursor.execute(INSERT_MONTH_KEYS, [current.generation, at, *_rows(new)])
            for category, month in cursor.fetchall():
                wrapped = new[category, month]
                made["epoch", (category, month)] = messages.MonthKey(category, month, current.generation, wrapped)
    return made


def _rows(new: Mapping[tuple[Any, Any], bytes]) -> list[list[Any]]:
    """Return ids, the two columns of the names, and the wrapped keys, as ``unnest`` reads them."""
    return [[new_id() for _name in new], [name[0] for name in new], [name[1] for name in new], list(new.values())]


def current_generation(*, at: datetime) -> int:
    """Return the generation to wrap under, held still until the caller's transaction ends.

    The first use of an empty vault enrols its keys. Raises ``WrongKey`` if the key at hand is not the enrolled one.
    """
    check = _current(at=at)
    _compare(check, client.ask(messages.Describe()))
    return check.generation


def _current(*, at: datetime) -> KeyCheck:
    # Asked twice: a turn of the master key that committed while we waited has put another row in its place.
    check = _held_current() or _held_current()
    if check is None:
        _enrol_alone(at=at)
        check = _held_current()
    if check is None:
        raise WrongKey(_("The database has no current generation of the master key. Restore the whole database."))
    return check


def _enrol_alone(*, at: datetime) -> None:
    """Enrol the keys of an empty vault, unless another process did in the same moment: it holds us until it commits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ENROLMENT_LOCK])
    if _held_current() is None:
        _enrol(at=at)


def _held_current() -> KeyCheck | None:
    # FOR SHARE: many make keys at once, and a turn of the master key waits for all of them.
    return next(iter(KeyCheck.objects.raw(CURRENT)), None)


def _compare(check: KeyCheck, described: messages.Described) -> None:
    if check.kind == KeyCheck.Kind.INDEX:
        held = described.index
    elif check.generation in described.generations:
        held = described.generations[check.generation]
    else:
        raise WrongKey(
            _("Generation %(number)d of the master key is missing. Restore its file. A new key can't open anything.")
            % {"number": check.generation}
        )
    if not hmac.compare_digest(held, bytes(check.value)):
        raise WrongKey(
            _("This database was encrypted with a different %(kind)s. Restore the right key file.")
            % {"kind": check.get_kind_display()}
        )


def _enrol(*, at: datetime) -> None:
    if KeyCheck.objects.exists() or SubjectKey.objects.exists() or MonthKey.objects.exists():
        raise WrongKey(_("The database holds keys but no check value for them. Restore the whole database."))
    described = client.ask(messages.Describe())
    newest = max(described.generations)
    KeyCheck.objects.bulk_create(
        [
            KeyCheck(kind=KeyCheck.Kind.MASTER, generation=newest, value=described.generations[newest], begun_at=at),
            KeyCheck(kind=KeyCheck.Kind.INDEX, generation=1, value=described.index, begun_at=at),
        ],
        ignore_conflicts=True,
    )


def enrol_keys(*, at: datetime) -> None:
    """Write down the check values of the keys of an empty vault; do nothing where that was done."""
    with transaction.atomic():
        if not KeyCheck.objects.filter(kind="master", current=True).exists():
            _enrol_alone(at=at)


def check_keys() -> None:
    """Raise ``WrongKey`` unless every key that something is still wrapped under is at hand and the right one.

    Called at start: the portal stops on it. It never makes or enrols a key.
    """
    described = client.ask(messages.Describe())
    for check in KeyCheck.objects.filter(emptied_at=None):
        _compare(check, described)


def compare_index_key() -> bool:
    """Raise ``WrongKey`` if the blind indexes' key is not the enrolled one; return whether one is enrolled."""
    check = KeyCheck.objects.filter(kind=KeyCheck.Kind.INDEX, current=True).first()
    if check is not None:
        _compare(check, client.ask(messages.Describe()))
    return check is not None


def create_month_keys(categories: Collection[str], months: Collection[date], *, at: datetime) -> int:
    """Make the epoch keys of coming months ahead, so that no report waits for another's; return how many are there."""
    epochs = {(category, month.replace(day=1)) for category in categories for month in months}
    keys_for_encryption([], epochs, at=at)
    return len(epochs)
