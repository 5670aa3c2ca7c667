"""The permissions of the app: registered before they are asked for, and ended (C-11, Network Act art. 22-2)."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from devices.events import Event
from devices.models import AppPermission
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.policies import rulebook
from privacy.policies.models import PolicyVersion
from privacy.safeguards.refusals import DuplicateCode, Incomplete, WrongState

KEEP = "devices.keep_app_permissions"


def register_app_permission(
    *,
    code: str,
    name_ko: str,
    name_en: str,
    required: bool,
    items: Sequence[str] = (),
    reason_ko: str,
    reason_en: str,
    without_ko: str = "",
    without_en: str = "",
    starts_on: date,
    actor: Actor,
    at: datetime,
) -> AppPermission:
    """Put a permission into the register, from which the privacy policy tells it.

    Whoever refuses an optional one is not refused the service (art. 22-2(2)): so one that serves only what is collected
    with a consent of its own is optional, and one that serves what is collected from everybody is not.
    Raises Incomplete, DuplicateCode.
    """
    require_permission(actor, KEEP)
    said = {"name_ko": name_ko, "name_en": name_en, "reason_ko": reason_ko, "reason_en": reason_en}
    refusal = {"without_ko": without_ko.strip(), "without_en": without_en.strip()}
    texts = {name: text.strip() for name, text in (said if required else said | refusal).items()}
    if empty := next((name for name, text in texts.items() if not text), ""):
        raise Incomplete(_("The law asks for each of these items. Fill in this one too."), pointer=f"/{empty}")
    if required and any(refusal.values()):
        raise Incomplete(
            _("Without a required permission nothing works. Leave this empty, or mark the permission as optional."),
            pointer="/without_ko" if refusal["without_ko"] else "/without_en",
        )
    _check_first_day(starts_on, today=clock.kst_date(at))
    _check_items(items, required=required, on=max(starts_on, clock.kst_date(at)))
    with transaction.atomic():
        before = AppPermission.objects.filter(code=code).order_by("-starts_on").first()
        if before is not None and (before.ended_on is None or before.ended_on >= starts_on):
            raise DuplicateCode(
                _("%(code)s is already registered for this day. End it first.") % {"code": code}, pointer="/code"
            )
        row = AppPermission.objects.create(
            code=code, required=required, items=sorted(items), starts_on=starts_on, registered_by=actor.ref,
            registered_at=at, **texts,
        )  # fmt: skip
        kind = "required" if required else "optional"
        facts = {"code": code, "kind": kind, "items": row.items, "day": starts_on.isoformat()}
        ledger.record(Event.PERMISSION_REGISTERED, actor=actor, at=at, about=row, facts=facts)
    return row


def end_app_permission(permission: AppPermission, *, ended_on: date, actor: Actor, at: datetime) -> AppPermission:
    """Record the last day on which the app asks for a permission. Raises WrongState, Incomplete."""
    require_permission(actor, KEEP, about=permission)
    with transaction.atomic():
        row = AppPermission.objects.select_for_update().get(pk=permission.pk)
        if row.ended_on is not None:
            raise WrongState(_("Its end is already recorded."))
        if ended_on < row.starts_on:
            raise Incomplete(_("The last day can't be before the first one."), pointer="/ended_on")
        row.ended_on, row.ended_by = ended_on, actor.ref
        row.save(update_fields=["ended_on", "ended_by"])
        ledger.record(Event.PERMISSION_ENDED, actor=actor, at=at, about=row, facts={"until": ended_on.isoformat()})
    return row


def _check_first_day(starts_on: date, *, today: date) -> None:
    """Raise Incomplete for a past day, once a published policy tells the permissions: it said that there was none."""
    if starts_on >= today:
        return
    version = PolicyVersion.objects.in_force(today)
    if version is not None and "app-permissions" in (version.document or {}).get("tables", {}):
        raise Incomplete(
            _("The policy in force already says what the app asks for. Enter today or a day in the future."),
            pointer="/starts_on",
        )


def _check_items(items: Sequence[str], *, required: bool, on: date) -> None:
    categories = rulebook.in_force(on).categories.values()
    optional = {code: category.optional for category in categories for code in category.items}
    if not set(items) <= set(optional):
        raise Incomplete(_("Select items of the privacy policy in force."), pointer="/items")
    if required and items and all(optional[code] for code in items):
        raise Incomplete(
            _(
                "These items are collected only with a separate consent. Whoever refuses the permission must still be "
                "able to use the service, so it is optional."
            ),
            pointer="/required",
        )
    if not required and not all(optional[code] for code in items):
        raise Incomplete(
            _("Some of these items are collected from everyone who uses the service, so the permission is required."),
            pointer="/required",
        )
