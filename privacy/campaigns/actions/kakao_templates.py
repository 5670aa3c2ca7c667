"""Verbs of templates that Kakao approved: recorded as they were approved, and ended (decision 0412)."""

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from privacy.campaigns import kakao
from privacy.campaigns.events import Event
from privacy.campaigns.models import KakaoTemplate
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.lib.dates import clock
from privacy.lib.errors.refusals import Refusal

PERMISSION = "campaigns.record_kakao_template"
# How an advertisement has to begin (Network Act art. 50(4)): whatever is marked so goes by no such message.
ADVERTISING = "(광고)"


class UnfitTemplate(Refusal):
    """What is entered can't be what Kakao approved for such a notice."""

    code = "unfit-template"


class TemplateInForce(Refusal):
    """A kind of notice has one template in a language at a time, and Kakao gives a code once."""

    code = "template-in-force"


def record_kakao_template(
    *, code: str, kind: str, language: str, text: str, approved_on: date, actor: Actor, at: datetime
) -> KakaoTemplate:
    """Record a template as Kakao approved it; it is used from now on. Raises NotPermitted, Refusal."""
    require_permission(actor, PERMISSION)
    said = text.replace("\r\n", "\n").strip()
    names = kakao.VARIABLE.findall(said)
    if sorted(names) != sorted(kakao.VARIABLES):
        needed = ", ".join(f"#{{{name}}}" for name in kakao.VARIABLES)
        raise UnfitTemplate(
            _("The text must have each of these variables once, and no other: %(names)s.") % {"names": needed},
            pointer="/text",
        )
    if ADVERTISING in said.replace(" ", ""):
        raise UnfitTemplate(_("These messages may not advertise. Use them for notices only."), pointer="/text")
    if len(said) > kakao.LONGEST:
        raise UnfitTemplate(_("Kakao takes at most 1,000 characters."), pointer="/text")
    if approved_on > clock.kst_date(at):
        said_day = _("Enter the day on which Kakao approved it. It can't be in the future.")
        raise UnfitTemplate(said_day, pointer="/approved_on")
    template = KakaoTemplate(
        code=code.strip(), kind=kind, language=language, text=said, approved_on=approved_on, recorded_by=actor.ref,
        recorded_at=at,
    )  # fmt: skip
    with transaction.atomic():
        try:
            with transaction.atomic():
                template.save(force_insert=True)
        except IntegrityError as error:
            raise TemplateInForce(
                _("There is a template with this code, or one in force for this kind and language. End it first."),
                pointer="/code",
            ) from error
        facts = {"code": template.code, "kind": kind, "language": language, "digest": kakao.digest_of(template)}
        ledger.record(Event.KAKAO_RECORDED, actor=actor, at=at, about=template, facts=facts)
    return template


def end_kakao_template(template: KakaoTemplate, *, actor: Actor, at: datetime) -> None:
    """Use a template no more; notices go by text message. Safe to repeat. Raises NotPermitted."""
    require_permission(actor, PERMISSION, about=template)
    with transaction.atomic():
        row = KakaoTemplate.objects.select_for_update().get(pk=template.pk)
        if row.ended_at is None:
            row.ended_at, row.ended_by = at, actor.ref
            row.save(update_fields=["ended_at", "ended_by"])
            ledger.record(Event.KAKAO_ENDED, actor=actor, at=at, about=row, facts={"code": row.code})
