"""Freezes and destroyed keys as registers: which and when, never what (P1.5, P7.2)."""

from datetime import datetime

from privacy.lib.dates import clock
from privacy.lib.display import display_names
from privacy.lib.registries import registers
from privacy.vault.models import Freeze, Tombstone


def _category(code: str, at: datetime) -> str:
    """Return what a category was called at a moment; without one it is everything."""
    return display_names.display_name("category", code, on=clock.kst_date(at)) if code else "전체"


def _item(freeze: Freeze) -> str:
    code = freeze.item
    return display_names.display_name("item", code, on=clock.kst_date(freeze.frozen_at)) if code else "전체"


registers.declare(
    code="freezes",
    title="이용·제공 정지 대장",
    models=("vault.freeze",),
    permission="vault.view_freeze",
    columns=(
        ("정보주체", lambda freeze: str(freeze.subject_id)),
        ("개인정보 구분", lambda freeze: _category(freeze.category, freeze.frozen_at)),
        ("항목", _item),
        ("사유", "cause"),
        ("사건", "case"),
        ("정지일시", "frozen_at"),
        ("만료 예정", "until"),
        ("해제일시", "lifted_at"),
    ),
    records=lambda window: Freeze.objects.filter(frozen_at__range=window.moments).order_by("frozen_at"),
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
        ("정보주체", lambda stone: str(stone.subject_id or "")),
        ("개인정보 구분", lambda stone: _category(stone.category, stone.destroyed_at)),
        ("월", "month"),
        ("키 세대", "generation"),
        ("사유", "cause"),
        ("증명서", "certificate"),
        ("파기일시", "destroyed_at"),
    ),
    records=lambda window: Tombstone.objects.filter(destroyed_at__range=window.moments).order_by("destroyed_at"),
    subjects=lambda window: map(
        str,
        Tombstone.objects.filter(destroyed_at__range=window.moments, subject_id__isnull=False).values_list(
            "subject_id", flat=True
        ),
    ),
)
registers.declare_exempt("vault.monthkey", "vault.keycheck", "vault.subjectkey", why="keys stay where they are")
registers.declare_exempt("vault.keyholder", why="the state of a turn, not a record of it")
