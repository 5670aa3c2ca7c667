"""What is taken of a device: one declaration for each item (P3.1–P3.3).

The columns of the model, the API's registration and changes, the columns of a fleet list, the search by a whole
identifier, the console's labels and masks, access packages, corrections, destruction and the next draft of the policy
all read this table. How to add an item: CONTRIBUTING.md, "Add an item of personal data".
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from enum import Enum, auto
from typing import Any

from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from privacy.policies import items, rulebook
from privacy.policies.categories import APP_LOG, DEVICE_REGISTRATION, SERVICE_ANALYTICS
from privacy.policies.items import ItemDeclaration
from privacy.vault import blind_indexes
from privacy.vault.fields import EncryptedTextField


class Source(Enum):
    """Where an item comes from."""

    GATEWAY = auto()
    GATEWAY_OR_LIST = auto()


@dataclass(frozen=True, kw_only=True)
class RegistrationItem(ItemDeclaration):
    """One item of a device's registration; its code is the column, the API's field and the list's column.

    ``label``: what the console calls it. ``example``: a valid value, which the tests send the whole way. ``required``:
    a registration without it is refused. ``identifier``: it identifies a device, so it has ``normalise`` too
    (devices.E006). ``names_device``: a device has at least one of these (also a constraint of
    the model, and a way to name a device in a request: tests/devices/test_items.py says where else).
    ``normalise``: for an item that is found by its whole value, how two spellings of it are compared; it raises
    InvalidIdentifier. ``index``: the fixed name of its blind index, where that is not its code.
    """

    label: Any
    example: str
    source: Source
    max_length: int = 200
    required: bool = False
    names_device: bool = False
    normalise: Callable[[str], str] | None = None
    index: str = ""

    def encrypted_field(self) -> EncryptedTextField:
        """Return the column that holds it, sealed."""
        return EncryptedTextField(item=self.code, index=self.code if self.normalise else "", null=True)


@dataclass(frozen=True, kw_only=True)
class ReportItem(ItemDeclaration):
    """One kind of reports. Its content is a structure of ``report_schema.py``, which is tagged with the kind."""

    @property
    def kind(self) -> str:
        return self.code.replace("_", "-")


REGISTRATION = (
    RegistrationItem(
        code="imei", category=DEVICE_REGISTRATION, label=_("IMEI"),
        name_ko="단말기기 고유번호(IMEI)", name_en="Terminal unique number (IMEI)", identifier=True,
        example="490154203237518", source=Source.GATEWAY_OR_LIST, max_length=64,
        names_device=True, normalise=blind_indexes.imei,
    ),
    RegistrationItem(
        code="serial_number", category=DEVICE_REGISTRATION, label=_("serial number"),
        name_ko="일련번호", name_en="Serial number", identifier=True,
        example="R3CX90ABCDE", source=Source.GATEWAY_OR_LIST, max_length=64,
        names_device=True, normalise=blind_indexes.serial, index="serial",
    ),
    RegistrationItem(
        code="adb_number", category=DEVICE_REGISTRATION, label=_("ADB number"),
        name_ko="ADB 번호", name_en="ADB number", identifier=True,
        example="ADB-90ABCDE", source=Source.GATEWAY_OR_LIST, max_length=64,
        names_device=True, normalise=blind_indexes.serial, index="adb",
    ),
    RegistrationItem(
        code="model", category=DEVICE_REGISTRATION, label=_("model"),
        name_ko="모델명", name_en="Model name",
        example="SM-S931N", source=Source.GATEWAY_OR_LIST, required=True,
    ),
    RegistrationItem(
        code="model_description", category=DEVICE_REGISTRATION, label=_("model description"),
        name_ko="모델 설명", name_en="Model description",
        example="Galaxy S25", source=Source.GATEWAY_OR_LIST,
    ),
    RegistrationItem(
        code="os_version", category=DEVICE_REGISTRATION, label=_("OS version"),
        name_ko="운영체제 버전", name_en="Operating system version",
        example="16", source=Source.GATEWAY_OR_LIST, required=True,
    ),
    RegistrationItem(
        code="os_build", category=DEVICE_REGISTRATION, label=_("OS build"),
        name_ko="운영체제 빌드", name_en="Operating system build",
        example="BP2A.250605.031", source=Source.GATEWAY_OR_LIST, required=True,
    ),
    RegistrationItem(
        code="time_zone", category=DEVICE_REGISTRATION, label=_("time zone"),
        name_ko="단말 시간대", name_en="Client time zone",
        example="Asia/Seoul", source=Source.GATEWAY_OR_LIST, required=True,
    ),
)  # fmt: skip
LICENCE_KEY = ItemDeclaration(
    code="licence_key", category=DEVICE_REGISTRATION, name_ko="라이선스 정보", name_en="Licence data"
)
REPORTS = (
    ReportItem(
        code="status", category=SERVICE_ANALYTICS, name_ko="Exafe MDM 상태", name_en="Status of Exafe MDM"
    ),
    ReportItem(code="activation", category=SERVICE_ANALYTICS, name_ko="활성화 시각", name_en="Activation time"),
    ReportItem(
        code="access_count", category=SERVICE_ANALYTICS, name_ko="접속 횟수", name_en="Number of accesses"
    ),
    ReportItem(code="access", category=SERVICE_ANALYTICS, name_ko="접속 기록", name_en="Access records"),
    ReportItem(
        code="app_status", category=SERVICE_ANALYTICS,
        name_ko="서비스 앱 상태", name_en="Status of the service application",
    ),
    ReportItem(
        code="configuration", category=SERVICE_ANALYTICS,
        name_ko="단말 설정 결과 및 그 시각", name_en="Results and times of terminal configuration",
    ),
    ReportItem(
        code="app_log", category=APP_LOG, name_ko="서비스 앱의 로그", name_en="Logs of the service app"
    ),
)  # fmt: skip

# Read at every registration and for every row of a list, so worked out once.
CODES = tuple(item.code for item in REGISTRATION)
INDEXED = tuple(item.code for item in REGISTRATION if item.normalise)
NAMES_DEVICE = tuple(item.code for item in REGISTRATION if item.names_device)
IMPORT_COLUMNS = tuple(item.code for item in REGISTRATION if item.source is Source.GATEWAY_OR_LIST)

items.declare(*REGISTRATION, LICENCE_KEY, *REPORTS)
LATER = items.later_items(DEVICE_REGISTRATION)
for _item in REGISTRATION:
    if _item.normalise:
        blind_indexes.register(_item.code, _item.normalise, index=_item.index)
blind_indexes.register(LICENCE_KEY.code, blind_indexes.licence, index="licence")


def _labels_of_indexed() -> str:
    return ", ".join(str(item.label) for item in REGISTRATION if item.normalise)


# "IMEI, serial number, …" in the reader's language, for the texts that say what a device is found by.
INDEXED_LABELS = lazy(_labels_of_indexed, str)()


def undeclared(codes: Iterable[str], on: date) -> list[str]:
    """Return which of these items no policy in force on a day declares yet: nothing of them is taken (P3.4)."""
    later = LATER.intersection(codes)
    return sorted(later - rulebook.in_force(on).items(DEVICE_REGISTRATION)) if later else []
