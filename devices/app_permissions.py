"""What the privacy policy tells of the app's permissions, from the register (C-11, Network Act art. 22-2(1))."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from devices.models import AppPermission
from privacy.policies.data_recipients import DataRecipient


@dataclass(frozen=True, slots=True)
class Permission(DataRecipient):
    """A permission: beside what it opens and why, whether it is required, and what goes without it."""

    required: bool = True
    without_ko: str = ""
    without_en: str = ""

    def row(self) -> dict[str, Any]:
        # The zero-argument form of super() knows another class where there are slots.
        without = {"ko": self.without_ko, "en": self.without_en}
        return {**DataRecipient.row(self), "required": self.required, "without": without}


def app_permissions(on: date) -> list[DataRecipient]:
    """Return what the app asks for on a day."""
    return [
        Permission(
            code=row.code, name_ko=row.name_ko, name_en=row.name_en, purpose_ko=row.reason_ko,
            purpose_en=row.reason_en, items=tuple(row.items), required=row.required, without_ko=row.without_ko,
            without_en=row.without_en,
        )
        for row in AppPermission.objects.on(on)
    ]  # fmt: skip
