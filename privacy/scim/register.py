"""Credentials of the directory as a register (law S-08, S-09: who opens and closes accounts)."""

from privacy.lib.registries import registers
from privacy.scim.models import ProvisioningCredential

registers.declare(
    code="directory-credentials",
    title="계정 관리 시스템 연동 자격 증명 대장",
    models=("scim.provisioningcredential",),
    permission="scim.view_provisioningcredential",
    columns=(
        ("번호", "reference"),
        ("계정 관리 시스템", "title"),
        ("요청자", "asked_by"),
        ("요청일시", "asked_at"),
        ("승인자", "approved_by"),
        ("승인일시", "approved_at"),
        ("만료일시", "expires_at"),
        ("폐기자", "revoked_by"),
        ("폐기일시", "revoked_at"),
    ),
    records=lambda window: ProvisioningCredential.objects.filter(asked_at__lt=window.until).order_by("asked_at"),
)
