"""The register of transfers abroad in the console."""

from collections.abc import Collection
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.accounts.admin.console_buttons import Page, pressed
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, button
from privacy.lib.dates import clock
from privacy.lib.display.badges import badge
from privacy.processors import actions as processors
from privacy.processors import register
from privacy.processors.admin.consignments import KEEP
from privacy.processors.admin.forms import EndForm, TransferForm
from privacy.processors.models import OverseasTransfer
from privacy.processors.models.transfers import LAST_DAY
from privacy.safeguards.admin.records import RecordAdmin, account_column


@admin.register(OverseasTransfer)
class OverseasTransferAdmin(RecordAdmin):
    explanation = _(
        "Personal information that is provided, consigned, stored or viewed abroad, and on which basis. The privacy "
        "policy lists transfers from here, so a change requires a revision of it."
    )
    empty_hint = _("Nothing goes abroad, or nobody has registered it. Viewing from abroad and cloud storage count too.")
    list_display = ("recipient_ko", "reference", "country", "basis", "starts_on", "state_shown")
    list_filter = ("country", "basis", ("ended_on", admin.EmptyFieldListFilter))
    fields = (
        ("reference", "code"), ("basis", "basis_detail"), "items_shown", ("country", "country_ko", "country_en"),
        ("way_ko", "way_en"), ("recipient_ko", "recipient_en"), "contact", ("purpose_ko", "purpose_en"),
        ("kept_ko", "kept_en"), "refusal_ko", "refusal_en", ("safety", "disputes"), ("consignment", "subprocessor"),
        ("starts_on", "ended_on", "end_reason"), ("registrar", "registered_at"), "ender",
    )  # fmt: skip
    readonly_fields = ("items_shown", "registrar", "ender")
    actions = ("end",)
    add_label = _("Register a transfer abroad")
    record_form = TransferForm
    add_permission = KEEP
    registrar = account_column("registered_by", _("registered by"))
    ender = account_column("ended_by", _("end recorded by"))

    def make(self, request: HttpRequest, given: dict[str, Any]) -> OverseasTransfer:
        return processors.register_transfer(actor=actor_of(request), at=clock.now(), **given)

    def buttons_for(self, record: OverseasTransfer) -> Collection[str]:
        return () if record.ended_on else ("end",)

    @admin.display(description=_("state"))
    def state_shown(self, row: Any) -> SafeString:
        if row.last_day is not None and row.last_day < clock.today():
            return badge(_("ended"), "done")
        return badge(_("running"), "good")

    def get_queryset(self, request: HttpRequest) -> QuerySet[OverseasTransfer]:
        rows: QuerySet[OverseasTransfer] = super().get_queryset(request)
        return rows.annotate(last_day=LAST_DAY)

    @admin.display(description=_("items"))
    def items_shown(self, row: OverseasTransfer) -> str:
        return register.items(row)

    @button(description=_("End the transfer"), permission=KEEP, locations=CHANGE_FORM_ONLY)
    def end(self, request: HttpRequest, queryset: QuerySet[OverseasTransfer]) -> Page:
        late = _(
            "Data counts as still there until its return or destruction is proven. Until then, “Today” shows this as "
            "late, unless another transfer to this recipient is registered."
        )
        return pressed(
            self, request, queryset, processors.end_transfer, form_class=EndForm,
            title=_("End the transfer"),
            consequences=[
                _("After a revision, the privacy policy no longer lists it."),
                *([late] if queryset.filter(pk__in=OverseasTransfer.objects.of_data_still_there()).exists() else []),
            ],
            success=_("The transfer has ended."), initial={"ended_on": clock.today()},
        )  # fmt: skip
