"""Freezes and destroyed keys as registers: which and when, never what (P1.5, P7.2)."""

from collections.abc import Iterator
from datetime import datetime
from operator import itemgetter

from django.db.models import QuerySet

from privacy.lib.dates import clock
from privacy.lib.display import display_names
from privacy.lib.registries import registers
from privacy.vault.models import Freeze, Tombstone


def _category(code: str, at: datetime) -> str:
    """Return what a category was called at a moment; without one it is everything."""
    return display_names.display_name("category", code, on=clock.kst_date(at)) if code else "전체"


def _ids_of(row: Freeze | Tombstone) -> list[str]:
    return [str(row.subject_id)] if row.subject_id else []


def _with_person[Row: (Freeze, Tombstone)](rows: QuerySet[Row]) -> Iterator[tuple[Row, str]]:
    """Yield rows with the reference of their person, by which every other register names her."""
    for row, people in display_names.with_subjects(rows.iterator(chunk_size=2_000), _ids_of):
        yield row, people.get(str(row.subject_id), str(row.subject_id or ""))


def _item(freeze: Freeze) -> str:
    code = freeze.item
    return display_names.display_name("item", code, on=clock.kst_date(freeze.frozen_at)) if code else "전체"


def _destroyed(window: registers.ExportScope) -> QuerySet[Tombstone]:
    """The keys destroyed in a period: a stone without a generation keeps one from being made, and none was there."""
    return Tombstone.objects.filter(destroyed_at__range=window.moments, generation__isnull=False)


def _cause(stone: Tombstone) -> str:
    return display_names.display_name("cause", stone.cause, on=clock.kst_date(stone.destroyed_at))


registers.declare(
    code="freezes",
    title="이용·제공 정지 대장",
    models=("vault.freeze",),
    permission="vault.view_freeze",
    columns=(
        ("정보주체", itemgetter(1)),
        ("개인정보 구분", lambda row: _category(row[0].category, row[0].frozen_at)),
        ("항목", lambda row: _item(row[0])),
        ("사유", lambda row: row[0].get_cause_display()),
        ("사건", lambda row: row[0].case),
        ("정지일시", lambda row: row[0].frozen_at),
        ("만료 예정", lambda row: row[0].until),
        ("해제일시", lambda row: row[0].lifted_at),
    ),
    records=lambda window: _with_person(Freeze.objects.filter(frozen_at__range=window.moments).order_by("frozen_at")),
    subjects=lambda window: map(
        str, Freeze.objects.filter(frozen_at__range=window.moments).values_list("subject_id", flat=True)
    ),
)
registers.declare(
    code="destroyed-keys",
    title="파기된 키 대장",
    models=("vault.tombstone",),
    permission="vault.view_tombstone",
    columns=(
        ("정보주체", itemgetter(1)),
        ("개인정보 구분", lambda row: _category(row[0].category, row[0].destroyed_at)),
        ("월", lambda row: row[0].month),
        ("키 세대", lambda row: row[0].generation),
        ("사유", lambda row: _cause(row[0])),
        ("증명서", lambda row: row[0].certificate),
        ("파기일시", lambda row: row[0].destroyed_at),
    ),
    records=lambda window: _with_person(_destroyed(window).order_by("destroyed_at")),
    subjects=lambda window: map(
        str, _destroyed(window).filter(subject_id__isnull=False).values_list("subject_id", flat=True)
    ),
)
registers.declare_exempt("vault.monthkey", "vault.keycheck", "vault.subjectkey", why="keys stay where they are")
registers.declare_exempt("vault.keyholder", why="the state of a turn, not a record of it")
