"""What the officer does with one device: its errors are settled, and a key that is lost is removed."""

from collections.abc import Collection
from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from devices import actions as devices
from devices.models import Device
from privacy.accounts.actors import actor_of
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, button, run_action
from privacy.lib.dates import clock


class DeviceButtonsMixin:
    """Buttons of the device's page."""

    def buttons_for(self, device: Device) -> Collection[str] | None:
        """Offer to remove a key where there is one."""
        return ("unmask", "settle_errors") + (("remove_key",) if device.signing_key is not None else ())

    @button(
        description=_("Mark errors as resolved"),
        permission=devices.SETTLE_PERMISSION,
        locations=CHANGE_FORM_ONLY,
    )
    def settle_errors(self: Any, request: HttpRequest, queryset: QuerySet[Device]) -> HttpResponse | None:
        """Say that the errors of a device are settled until now: its app logs have served (P6.3)."""
        device = queryset.first()
        if device is None:
            return None
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Mark the errors of this device as resolved"),
            verb=_("Mark as resolved"),
            consequences=[
                _(
                    "The app logs collected from this device so far have served their purpose, so they are "
                    "removed at once."
                ),
                _("A hold, an open correction or an open request keeps them until it ends."),
            ],
        )
        if isinstance(answers, HttpResponse):
            return answers
        run_action(
            self,
            request,
            partial(
                devices.settle_errors, device_id=device.pk, until=clock.now(), actor=actor_of(request), at=clock.now()
            ),
            _("Resolved: app logs up to now are being removed."),
        )
        return None

    @admin.display(description=_("signs with a key of its own"), boolean=True)
    def signs(self, device: Device) -> bool:
        return device.signing_key is not None

    @button(
        description=_("Remove the device key"),
        permission="devices.keep_gateways",
        locations=CHANGE_FORM_ONLY,
        step_up=True,
    )
    def remove_key(self: Any, request: HttpRequest, queryset: QuerySet[Device]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Remove a device key"),
            verb=_("Remove"),
            consequences=[
                _(
                    "Use this only if the key is lost. From now on, the gateway's token is enough to "
                    "act for this device."
                ),
            ],
            dangerous=True,
        )
        if isinstance(answers, HttpResponse):
            return answers
        for device in queryset:
            verb = partial(devices.remove_device_key, device, actor=actor_of(request), at=clock.now())
            run_action(self, request, verb, _("The device no longer has a key."))
        return None
