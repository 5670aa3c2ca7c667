"""The reference that ``intake.py`` measures against: what one usually writes. A WSGI application.

Pydantic models for the same kinds of reports, read as django-ninja reads a request, ``bulk_create`` into a table of the
same columns with JSON in clear: no token, no consent, no freeze, no sealing, no ledger, no statistics.

``REFERENCE_TABLE`` says which table: ``usual`` is what Django makes of a model whose device is a foreign key; ``lean``
has our table's one key and its months, and refers to nothing.
"""

# ruff: noqa: E402 - the settings stand before Django is set up
import gzip
import json
import os
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

import environ
from django.conf import settings

settings.configure(
    SECRET_KEY="reference",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": {**environ.Env.db_url_config(os.environ["REFERENCE_DATABASE_URL"]), "CONN_MAX_AGE": None}},
    INSTALLED_APPS=[],
    MIDDLEWARE=["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)

import django

django.setup()

from django.core.wsgi import get_wsgi_application
from django.db import models
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils import timezone
from pydantic import AwareDatetime, BaseModel, Field


class Report(models.Model):
    """What both tables hold besides the device."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    kind = models.CharField(max_length=16)
    body: Any = models.JSONField()

    class Meta:
        abstract = True
        app_label = "reference"

    def __str__(self) -> str:
        return str(self.id)


class Device(models.Model):
    """The portal's own devices."""

    id = models.UUIDField(primary_key=True)

    class Meta:
        app_label = "reference"
        db_table = "devices_device"
        managed = False

    def __str__(self) -> str:
        return str(self.id)


class UsualReport(Report):
    """As one usually writes it."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE)

    class Meta(Report.Meta):
        abstract = False
        db_table = "bench_usual_report"


class LeanReport(Report):
    """As lean as our own table."""

    device_id = models.UUIDField()

    class Meta(Report.Meta):
        abstract = False
        db_table = "bench_lean_report"


MODEL = {"usual": UsualReport, "lean": LeanReport}[os.environ["REFERENCE_TABLE"]]


class Status(BaseModel):
    state: Literal["active", "inactive", "locked", "removed"]


class Access(BaseModel):
    action: str
    result: str


class AppStatus(BaseModel):
    app: str
    version: str
    state: str


class Configuration(BaseModel):
    setting: str
    result: Literal["applied", "failed", "skipped"]
    applied_at: AwareDatetime


class AccessCount(BaseModel):
    count: int
    since: AwareDatetime = Field(alias="from")
    until: AwareDatetime


class AppLog(BaseModel):
    level: str
    message: str = Field(max_length=8192)
    app: str | None = None


def shaped(kind: str, body: type[BaseModel]) -> Any:
    return type(
        f"{body.__name__}Report",
        (BaseModel,),
        {"__annotations__": {"device": UUID, "kind": Literal[kind], "occurred_at": AwareDatetime, "body": body}},
    )


KINDS = (
    shaped("status", Status) | shaped("access", Access) | shaped("app-status", AppStatus)
    | shaped("configuration", Configuration) | shaped("access-count", AccessCount) | shaped("app-log", AppLog)
)  # fmt: skip


class Batch(BaseModel):
    batch: UUID
    reports: list[Annotated[KINDS, Field(discriminator="kind")]] = Field(min_length=1, max_length=1000)


def reports(request: HttpRequest) -> HttpResponse:
    body = request.body
    if request.headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    batch = Batch.model_validate(json.loads(body))
    received_at: datetime = timezone.now()
    MODEL.objects.bulk_create(
        [
            MODEL(
                device_id=report.device, occurred_at=report.occurred_at, received_at=received_at, kind=report.kind,
                body=report.body.model_dump(mode="json", by_alias=True),
            )
            for report in batch.reports
        ]
    )  # fmt: skip
    return JsonResponse({"batch": str(batch.batch), "stored": len(batch.reports), "refused": []})


urlpatterns = [path("api/v1/reports", reports)]
application = get_wsgi_application()


def make_table() -> None:
    """Make the usual table as a migration would, over what stands in the database."""
    from django.db import connection

    with connection.schema_editor() as editor:
        editor.create_model(UsualReport)


if __name__ == "__main__":
    make_table()
