"""Every typed day has bounds: one that nothing can be computed from is refused with a sentence, not with an error."""

from collections.abc import Iterator
from typing import Any

import pytest
from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms.forms import BaseForm
from django.test import RequestFactory
from django.urls import get_resolver
from django.utils.translation import override
from pydantic import TypeAdapter
from pydantic import ValidationError as BadShape

from devices import schemas
from privacy.ledger.admin.filters import parse_midnight
from privacy.lib.dates.form_fields import EARLIEST, LATEST
from tests import factory
from tests.base import PortalTestCase

OURS = ("privacy", "consents", "devices", "config")
OUT_OF_REACH = ("0001-01-01", "1899-12-31", "2200-01-01", "9999-12-31")


def forms_of(kind: type[Any] = BaseForm) -> Iterator[type[Any]]:
    for form in kind.__subclasses__():
        if form.__module__.startswith(OURS):
            yield form
        yield from forms_of(form)


def typed(fields: dict[str, Any]) -> dict[str, Any]:
    days = (forms.DateField, forms.DateTimeField, forms.SplitDateTimeField)
    return {name: field for name, field in fields.items() if isinstance(field, days)}


def refuses(field: Any, day: str) -> bool:
    value: Any = day
    if isinstance(field, forms.SplitDateTimeField):
        value = [day, "10:00"]
    elif isinstance(field, forms.DateTimeField):
        value = f"{day}T10:00"
    try:
        field.clean(value)
    except ValidationError as error:
        with override("en"):
            return "between" in str(error)
    return False


@pytest.mark.asvs("1.4.2")
@pytest.mark.truth("typed-days")
def test_every_day_of_every_form_has_bounds() -> None:
    get_resolver().url_patterns
    found = {
        f"{form.__module__}.{form.__qualname__}.{name}": field
        for form in set(forms_of())
        for name, field in typed(form.base_fields).items()
    }
    assert len(found) > 20
    assert [name for name, field in found.items() if not all(refuses(field, day) for day in OUT_OF_REACH)] == []
    for field in found.values():
        for day in (EARLIEST, LATEST):
            assert not refuses(field, day.isoformat())


@pytest.mark.asvs("1.4.2", "2.2.1")
def test_every_number_of_every_form_has_bounds() -> None:
    """Of a model's form the column says them, which Django holds every value against."""
    get_resolver().url_patterns
    found = {
        f"{form.__qualname__}.{name}": field
        for form in set(forms_of())
        for name, field in form.base_fields.items()
        if isinstance(field, forms.IntegerField)
        and not (issubclass(form, forms.ModelForm) and name in (form._meta.fields or ()))
    }
    assert len(found) > 20
    assert [name for name, field in found.items() if field.min_value is None or field.max_value is None] == []


@pytest.mark.asvs("1.4.2")
@pytest.mark.truth("typed-days")
def test_every_day_that_the_api_takes_has_bounds() -> None:
    with override("en"):
        for day in OUT_OF_REACH:
            with pytest.raises(BadShape, match="Check the clock"):
                TypeAdapter(schemas.Day).validate_python(day)
            with pytest.raises(BadShape, match="Check the clock"):
                TypeAdapter(schemas.Moment).validate_python(f"{day}T10:00:00Z")


@pytest.mark.truth("typed-days")
class ConsoleDaysTest(PortalTestCase):
    def test_every_day_of_the_console_has_bounds(self) -> None:
        request = RequestFactory().get("/")
        request.user = factory.make_odile()
        unbound = []
        for model, site in admin.site._registry.items():
            if not site.has_add_permission(request) and type(site).__name__ not in {"OfficerAdmin"}:
                continue
            for name, field in typed(site.get_form(request).base_fields).items():
                if not all(refuses(field, day) for day in OUT_OF_REACH):
                    unbound.append(f"{model._meta.label}.{name}")
        assert unbound == []

    def test_a_day_in_the_address_of_the_trail_is_no_error(self) -> None:
        client = self.client
        client.force_login(factory.make_odile())
        for day in OUT_OF_REACH:
            assert parse_midnight(day, days=1) is None
            assert client.get("/en/office/ledger/entry/", {"until": day}, secure=True).status_code == 200
