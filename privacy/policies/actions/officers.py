"""The protection officer's designations and the agencies people can turn to (P2.1, P2.2)."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal
from privacy.policies.events import Event
from privacy.policies.models import Agency, Officer

DESIGNATE = "policies.designate_officer"


class DesignationOrder(Refusal):
    code = "designation-order"


def designate_officer(
    *,
    name: str,
    name_en: str = "",
    department_ko: str,
    department_en: str,
    phone: str,
    email: str,
    designated_from: date,
    actor: Actor,
    at: datetime,
) -> Officer:
    """Designate an officer and a department from a day on; the designation before ends on the day before.

    One that is to come already begins on its day, and this one ends on the day before it. Raises ``NotPermitted``, and
    ``DesignationOrder`` for a day that is not after the start of the present one, or on which another one starts.
    """
    require_permission(actor, DESIGNATE)
    with transaction.atomic():
        # Who designates at the same time waits here. A locking statement does not see rows that were added while it
        # waited, so they are read by the next one.
        list(Officer.objects.select_for_update().order_by("designated_from"))
        known = list(Officer.objects.order_by("designated_from"))
        begun = [one for one in known if one.designated_from <= clock.kst_date(at)]
        if begun and designated_from <= begun[-1].designated_from:
            raise DesignationOrder(
                _("The current designation started on %(day)s: a new one must start later.")
                % {"day": begun[-1].designated_from.isoformat()}
            )
        if any(one.designated_from == designated_from for one in known):
            raise DesignationOrder(
                _("Another designation already starts on %(day)s.") % {"day": designated_from.isoformat()}
            )
        present = next((one for one in reversed(known) if one.designated_from < designated_from), None)
        coming = next((one for one in known if one.designated_from > designated_from), None)
        if present is not None:
            present.designated_until = designated_from - timedelta(1)
            present.save(update_fields=["designated_until"])
        officer = Officer.objects.create(
            name=name,
            name_en=name_en,
            department_ko=department_ko,
            department_en=department_en,
            phone=phone,
            email=email,
            designated_from=designated_from,
            designated_until=coming.designated_from - timedelta(1) if coming else None,
        )
        facts = {"from": designated_from.isoformat(), "before": str(present.pk) if present else ""}
        ledger.record(Event.OFFICER_DESIGNATED, actor=actor, at=at, about=officer, facts=facts)
    return officer


def correct_officer(
    officer: Officer,
    *,
    name_en: str = "",
    department_ko: str,
    department_en: str,
    phone: str,
    email: str,
    actor: Actor,
    at: datetime,
) -> Officer:
    """Set how the designated officer is written in Latin letters and reached; who is designated stays the same.

    Raises ``NotPermitted``, and ``DesignationOrder`` for a designation that has ended.
    """
    require_permission(actor, DESIGNATE, about=officer)
    with transaction.atomic():
        held = Officer.objects.select_for_update().get(pk=officer.pk)
        if held.designated_until is not None and held.designated_until < clock.kst_date(at):
            raise DesignationOrder(_("This designation has ended; its record stays as it is."))
        wanted = {
            "name_en": name_en or held.name_en,
            "department_ko": department_ko,
            "department_en": department_en,
            "phone": phone,
            "email": email,
        }
        fields = [field for field, value in wanted.items() if getattr(held, field) != value]
        for field in fields:
            setattr(held, field, wanted[field])
        held.save(update_fields=fields)
        ledger.record(Event.OFFICER_CORRECTED, actor=actor, at=at, about=held, facts={"fields": fields})
    return held


def verify_agency(
    agency: Agency, *, name_ko: str, name_en: str, phone: str, url: str, actor: Actor, at: datetime
) -> Agency:
    """Confirm, or correct, what the site tells about an agency, and note the day (V-09). Raises ``NotPermitted``."""
    require_permission(actor, "policies.edit_agency", about=agency)
    with transaction.atomic():
        held = Agency.objects.select_for_update().get(pk=agency.pk)
        wanted = {"name_ko": name_ko, "name_en": name_en, "phone": phone, "url": url}
        fields = [field for field, value in wanted.items() if getattr(held, field) != value]
        for field in fields:
            setattr(held, field, wanted[field])
        held.last_verified_on = clock.kst_date(at)
        held.save(update_fields=[*fields, "last_verified_on"])
        ledger.record(Event.AGENCY_VERIFIED, actor=actor, at=at, about=held, facts={"fields": fields})
    return held
