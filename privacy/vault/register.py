"""Freezes and destroyed keys as registers: which and when, never what (P1.5, P7.2)."""

from privacy.lib import registers
from privacy.vault.models import Freeze, Tombstone

registers.declare(
    code="freezes",
    title="이용·제공 정지 대장",
    models=("vault.freeze",),
    permission="vault.view_freeze",
    columns=(
        ("정보주체", lambda freeze: str(freeze.subject_id)),
        ("개인정보 구분", "category"),
        ("항목", "item"),
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
        ("개인정보 구분", "category"),
        ("월", "month"),
        ("키 세대", "generation"),
        ("사유", "cause"),
        ("증명서", "certificate"),
        ("파기일시", "destroyed_at"),
    ),
    records=lambda window: Tombstone.objects.filter(destroyed_at__range=window.moments).order_by("destroyed_at"),
)
registers.not_needed("vault.epochkey", "vault.keycheck", "vault.subjectkey", why="keys stay where they are")
