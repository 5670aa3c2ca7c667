"""Where the data of a device comes from: the gateway that spoke for it, or a list of the organisation that runs it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from devices.models import AppLog, Device, FleetImport, Gateway, ImportedRow, Licence, Report
from privacy.subjects.sources import DataSource, Source


def of_registrations(subject_ids: Sequence[UUID]) -> Iterator[DataSource]:
    """Yield who registered these devices. A row doesn't say of a time in which a list was read whether it was in it."""
    rows = Device.objects.of_subjects(subject_ids).values_list("gateway_id", "registered_at")
    yield from _from_gateway_or_list(list(rows))


def of_licences(subject_ids: Sequence[UUID]) -> Iterator[DataSource]:
    """Yield who told of these devices' licences."""
    rows = Licence.objects.filter(device_id__in=subject_ids).values_list("device__gateway_id", "recorded_at")
    yield from _from_gateway_or_list(list(rows))


def of_reports(subject_ids: Sequence[UUID]) -> Iterator[DataSource]:
    """Yield which gateways brought reports of these devices that are held."""
    yield from _of_reporting(Report, subject_ids)


def of_app_logs(subject_ids: Sequence[UUID]) -> Iterator[DataSource]:
    """Yield which gateways brought app logs of these devices that are held."""
    yield from _of_reporting(AppLog, subject_ids)


def of_imported_rows(subject_ids: Sequence[UUID]) -> Iterator[DataSource]:
    """Yield whose lists have rows of these devices-to-be."""
    imports = ImportedRow.objects.filter(id__in=subject_ids).values_list("import_id", flat=True).distinct()
    for title in FleetImport.objects.filter(id__in=list(imports)).values_list("gateway__title", flat=True):
        yield DataSource(Source.LIST, title)


def _of_reporting(model: type[Report] | type[AppLog], subject_ids: Sequence[UUID]) -> Iterator[DataSource]:
    devices = Device.objects.filter(id__in=subject_ids).values_list("id", "gateway_id")
    gateways = {gateway for device, gateway in devices if model.objects.filter(device_id=device).exists()}
    for title in Gateway.objects.filter(id__in=gateways).values_list("title", flat=True):
        yield DataSource(Source.DEVICE, title)


def _from_gateway_or_list(rows: Sequence[tuple[UUID, datetime]]) -> Iterator[DataSource]:
    titles = dict(Gateway.objects.filter(id__in={gateway for gateway, _at in rows}).values_list("id", "title"))
    for gateway, at in rows:
        running = Q(finished_at=None) | Q(finished_at__gte=at)
        read = FleetImport.objects.filter(running, gateway_id=gateway, confirmed_at__lte=at)
        yield DataSource(Source.DEVICE_OR_LIST if read.exists() else Source.DEVICE, titles[gateway])
