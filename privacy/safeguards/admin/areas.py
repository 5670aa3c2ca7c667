"""Protected areas in the console: who may enter, who did, which media went in and out."""

from collections.abc import Collection
from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.accounts.actors import actor_of
from privacy.accounts.display_names import names_with_references
from privacy.accounts.models import User
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, button
from privacy.lib.dates import clock
from privacy.lib.display.badges import badge, due_badge
from privacy.safeguards import actions as safeguards
from privacy.safeguards.admin.forms import AreaForm, EntryForm, MovementForm, PermitForm
from privacy.safeguards.admin.records import RecordAdmin, account_column
from privacy.safeguards.models import Area, AreaEntry, AreaPermit, MediaMovement

KEEP, LOG = "safeguards.keep_areas", "safeguards.log_entry"
type Answer = HttpResponse | None


@admin.register(Area)
class AreaAdmin(RecordAdmin):
    explanation = _(
        "Computer rooms, data rooms and archives under special protection. Entries are recorded on their page."
    )
    empty_hint = _("Register the computer room and the data room.")
    list_display = ("title", "kind", "place", "lock", "keeper_shown")
    list_filter = ("kind",)
    fields = (("code", "kind"), "place", "lock", "keeper_shown", ("registered_at", "closed_at"))
    readonly_fields = ("keeper_shown",)
    actions = ("record_entry", "move_medium", "permit")
    change_form_template = "admin/safeguards/area/change_form.html"
    add_label = _("Register an area")
    record_form = AreaForm
    add_permission = KEEP
    keeper_shown = account_column("keeper", _("responsible"))

    def make(self, request: HttpRequest, given: dict[str, Any]) -> Area:
        return safeguards.register_area(actor=actor_of(request), at=clock.now(), **given)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        area = self.get_object(request, object_id)
        more: dict[str, Any] = {}
        if area is not None:
            permits = list(area.permits.in_period(on=clock.today()).order_by("person"))
            entries = list(area.entries.order_by("-entered_at")[:20])
            movements = list(area.movements.order_by("-moved_at")[:20])
            people = {permit.person for permit in permits} | {move.carried_by for move in movements}
            people |= {reference for entry in entries for reference in (entry.who, entry.companion)}
            named = names_with_references(people)
            more["permits"] = [(permit, named[permit.person]) for permit in permits]
            more["entries"] = [(entry, named[entry.who], named[entry.companion]) for entry in entries]
            more["movements"] = [(move, named[move.carried_by]) for move in movements]
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    @button(description=_("Record an entry"), permission=LOG, locations=CHANGE_FORM_ONLY)
    def record_entry(self, request: HttpRequest, queryset: QuerySet[Area]) -> Answer:
        answers = confirm_action(
            self, request, queryset, title=_("Record an entry"), verb=_("Record"),
            consequences=[_("Only people with a permit for that day may enter. One of them must accompany visitors.")],
            form_class=EntryForm,
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(safeguards.record_entry, queryset.get(), actor=actor_of(request), at=clock.now(), **answers)
        self.press(request, verb, _("The entry has been recorded."))
        return None

    @button(description=_("Medium in or out"), permission=LOG, locations=CHANGE_FORM_ONLY)
    def move_medium(self, request: HttpRequest, queryset: QuerySet[Area]) -> Answer:
        answers = confirm_action(
            self, request, queryset, title=_("Medium in or out"), verb=_("Approve and record"),
            consequences=[_(
                "You approve the movement, so someone else must move the medium. "
                "Media taken out must be encrypted and returned.")],
            form_class=MovementForm,
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(safeguards.move_medium, queryset.get(), actor=actor_of(request), at=clock.now(), **answers)
        self.press(request, verb, _("The movement has been recorded."))
        return None

    @button(description=_("Permit entry"), permission=KEEP, locations=CHANGE_FORM_ONLY)
    def permit(self, request: HttpRequest, queryset: QuerySet[Area]) -> Answer:
        answers = confirm_action(
            self, request, queryset, title=_("Permit entry"), verb=_("Approve the permit"),
            consequences=[_("The permit is valid from its first day to its last; it can be revoked at any"
                            " time.")],
            form_class=PermitForm, initial={"valid_from": clock.today()},
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(safeguards.permit_entry, queryset.get(), actor=actor_of(request), at=clock.now(), **answers)
        self.press(request, verb, _("The permit has been approved."))
        return None


@admin.register(AreaPermit)
class PermitAdmin(RecordAdmin):
    explanation = _("Who may enter which area, why and until when. Nobody can approve their own permit.")
    empty_hint = _("Permits are approved on the page of an area.")
    list_display = ("holder", "area", "reason", "valid_from", "valid_until", "stands", "approver")
    list_filter = ("area", ("revoked_at", admin.EmptyFieldListFilter))
    list_select_related = ("area",)
    fields = ("holder", "area", "reason", ("valid_from", "valid_until"), ("approver", "approved_at"), "stands",
              ("revoker", "revoked_at"))  # fmt: skip
    readonly_fields = ("holder", "approver", "revoker", "stands")
    actions = ("revoke",)
    holder = account_column("person", _("who"))
    approver = account_column("approved_by", _("approved by"))
    revoker = account_column("revoked_by", _("revoked by"))

    def buttons_for(self, record: AreaPermit) -> Collection[str]:
        return () if record.revoked_at else ("revoke",)

    @admin.display(description=_("state"))
    def stands(self, permit: AreaPermit) -> SafeString:
        today = clock.today()
        if permit.revoked_at is not None:
            return badge(pgettext_lazy("permit", "revoked"), "gone")
        if permit.valid_until is not None and permit.valid_until < today:
            return badge(_("over"), "done")
        if not User.objects.filter(reference=permit.person, is_active=True).exists():
            return badge(_("over: the account is closed"), "gone")
        return (
            badge(pgettext_lazy("permit", "holds"), "good")
            if permit.valid_from <= today
            else badge(_("upcoming"), "wait")
        )

    @button(description=pgettext_lazy("permit", "Revoke"), permission=KEEP, locations=CHANGE_FORM_ONLY)
    def revoke(self, request: HttpRequest, queryset: QuerySet[AreaPermit]) -> Answer:
        answers = confirm_action(
            self, request, queryset, title=_("Revoke the permit"), verb=pgettext_lazy("permit", "Revoke"),
            consequences=[_("From now on this person may no longer enter.")], dangerous=True,
        )  # fmt: skip
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(safeguards.revoke_permit, queryset.get(), actor=actor_of(request), at=clock.now())
        self.press(request, verb, _("The permit has been revoked."))
        return None


@admin.register(AreaEntry)
class EntryAdmin(RecordAdmin):
    explanation = _("Who was in which area, why and with whom.")
    empty_hint = _("Entries are recorded on the page of an area.")
    list_display = ("reference", "area", "who_shown", "purpose", "entered_at", "out_shown", "with_shown")
    list_filter = ("area", ("left_at", admin.EmptyFieldListFilter))
    list_select_related = ("area",)
    fields = (("reference", "area"), "who_shown", "with_shown", "purpose", ("entered_at", "out_shown"),
              ("recorder", "recorded_at"))  # fmt: skip
    readonly_fields = ("who_shown", "with_shown", "out_shown", "recorder")
    actions = ("end",)
    who_shown = account_column("who", _("who"))
    with_shown = account_column("companion", _("accompanied by"))
    recorder = account_column("recorded_by", _("recorded by"))

    def buttons_for(self, record: AreaEntry) -> Collection[str]:
        return () if record.left_at else ("end",)

    @admin.display(description=_("out"), ordering="left_at")
    def out_shown(self, entry: AreaEntry) -> Any:
        return entry.left_at or badge(_("inside"), "active")

    @button(description=_("Record the exit"), permission=LOG, locations=CHANGE_FORM_ONLY)
    def end(self, request: HttpRequest, queryset: QuerySet[AreaEntry]) -> None:
        verb = partial(safeguards.end_entry, queryset.get(), actor=actor_of(request), at=clock.now())
        self.press(request, verb, _("The exit has been recorded."))


@admin.register(MediaMovement)
class MovementAdmin(RecordAdmin):
    explanation = _(
        "Removable media brought into or taken out of protected areas. Media taken out must be encrypted and returned."
    )
    empty_hint = _("Movements are recorded on the page of an area.")
    list_display = ("reference", "medium", "kind", "direction_shown", "area", "carrier", "approver", "moved_at", "back")
    list_filter = ("direction", "area", ("returned_at", admin.EmptyFieldListFilter))
    list_select_related = ("area",)
    fields = (("reference", "area"), ("medium", "kind"), ("direction_shown", "encrypted"), "purpose",
              ("carrier", "approver", "moved_at"), "back", ("returned_at", "receiver"))  # fmt: skip
    readonly_fields = ("direction_shown", "carrier", "approver", "back", "receiver")
    actions = ("take_back",)
    carrier = account_column("carried_by", _("moved by"))
    approver = account_column("approved_by", _("approved by"))
    receiver = account_column("returned_to", _("taken back by"))

    def buttons_for(self, record: MediaMovement) -> Collection[str]:
        outside = record.direction == MediaMovement.Direction.OUT and record.returned_at is None
        return ("take_back",) if outside else ()

    @admin.display(description=_("direction"), ordering="direction")
    def direction_shown(self, movement: MediaMovement) -> str:
        return str(movement.get_direction_display())

    @admin.display(description=_("return by"), ordering="back_on")
    def back(self, movement: MediaMovement) -> SafeString | str:
        if movement.back_on is None:
            return "–"
        return due_badge(movement.back_on, clock.today(), settled=movement.returned_at is not None)

    @button(description=_("It was returned"), permission=LOG, locations=CHANGE_FORM_ONLY)
    def take_back(self, request: HttpRequest, queryset: QuerySet[MediaMovement]) -> None:
        verb = partial(safeguards.return_medium, queryset.get(), actor=actor_of(request), at=clock.now())
        self.press(request, verb, _("The medium has been returned."))
