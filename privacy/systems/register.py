"""The registers of connected systems and of what each was asked, as files (law D-01, R-20)."""

from django.db.models import Q

from privacy.lib.display import display_names
from privacy.lib.registries import registers
from privacy.subjects.references import with_references
from privacy.systems.models import ConnectedSystem, Identifier, SystemTask


def items(row: ConnectedSystem) -> str:
    """Return what a system holds, by name, as it is called on its first day."""
    return ", ".join(display_names.display_name("item", code, on=row.begins_on) for code in row.items_of(""))


def identifiers(row: ConnectedSystem) -> str:
    """Return how a system finds people."""
    return ", ".join(str(Identifier(kind).label) for kind in row.identifiers)


def asked_items(row: SystemTask) -> str:
    """Return what a task is about, by name."""
    return ", ".join(display_names.display_name("item", code, on=row.due_on) for code in row.items)


registers.declare(
    code="connected-systems",
    title="연계 시스템 관리대장",
    models=("systems.connectedsystem", "systems.connection", "systems.entrychange"),
    permission="systems.view_connectedsystem",
    columns=(
        ("시스템", "name_ko"),
        ("담당자", "owner"),
        ("참여 방식", "way"),
        ("보유 항목", items),
        ("식별 방법", identifiers),
        ("연락처", "contact"),
        ("시작일", "begins_on"),
        ("종료일", "ended_on"),
        ("종료 사유", "end_reason"),
        ("등록자", "registered_by"),
        ("등록일시", "registered_at"),
        ("번호", "reference"),
    ),
    records=lambda window: ConnectedSystem.objects.filter(
        Q(ended_on=None) | Q(ended_on__gte=window.first), begins_on__lte=window.last
    ).order_by("code"),
    printed=9,
    widths=(3, 2, 2, 4, 3, 3, 2, 2, 3),
)
registers.declare(
    code="system-tasks",
    title="연계 시스템 조치 대장",
    models=("systems.systemtask", "systems.answer"),
    permission="systems.view_systemtask",
    columns=(
        ("시스템", "system.name_ko"),
        ("조치", "act"),
        ("정보주체", "person"),
        ("항목", asked_items),
        ("사건", "case"),
        ("요청일시", "ordered_at"),
        ("기한", "due_on"),
        ("상태", "state"),
        ("종료일시", "ended_at"),
        ("백업 보관 기한", "backups_until"),
        ("조치자", "done_by"),
        ("확인자", "seconded_by"),
        ("포기 사유", "reason"),
        ("증빙 SHA-256", "file_digest"),
        ("번호", "reference"),
    ),
    records=lambda window: with_references(
        SystemTask.objects.filter(ordered_at__range=window.moments)
        .select_related("system")
        .order_by("ordered_at", "id")
    ),
    printed=9,
    widths=(3, 1, 2, 3, 2, 2, 2, 2, 2),
)
