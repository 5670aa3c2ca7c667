"""The words of the e-mails about the destruction that follows a withdrawal, as templates: a kind for each that happens.

What becomes of the data, and what the person can do about it, hangs on what stands when the e-mail goes out. The portal
says both, and no text can leave them out; the words around them are the office's.
"""

from collections.abc import Callable, Collection
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from consents.actions.destruction_notices import (
    AGREED_AGAIN,
    DESTROYED,
    HELD,
    PARTLY,
    PLANNED,
    STOPPED,
    UNDER_WAY,
)
from consents.destruction_status import PlanNow, Status
from consents.models.decisions import PREFIX
from privacy.lib.display.badges import datetime_text
from privacy.lib.identifiers.ids import example_reference
from privacy.policies.message_templates import Placeholder
from privacy.subjects.message_kinds import declare_mail

LAW = gettext_lazy("PIPA art. 37(3)·(4)")
PAGE = "https://privacy.example/consents/"


def code_of(word: str, *, others: bool, is_blocked: bool) -> str:
    """Return which kind of e-mail says a word of ``destruction_notices``."""
    code = f"consents.destruction-{word}"
    if word not in {STOPPED, AGREED_AGAIN}:
        return code
    return f"{code}-others" if others else f"{code}-blocked" if is_blocked else code


def values_of(
    word: str, now: PlanNow, others: Collection[PlanNow], *, may_agree: bool, page: str, language: str
) -> dict[str, str]:
    """Return what the e-mail says of a plan as it is now, in the active language, which ``language`` names."""
    plan, decision = now.plan, now.plan.decision
    moment = {STOPPED: plan.stopped_at, AGREED_AGAIN: plan.ended_at}.get(word, decision.recorded_at)
    told = {
        "moment": _moment(moment),
        "agreement": decision.version.spoken("title", language),
        "receipt": decision.reference,
        "remedy": remedy(word, now, several=bool(others), may_agree=may_agree, page=page),
    }
    if word not in {STOPPED, AGREED_AGAIN}:
        return told | {"fate": fate(now)}
    why = [_another_withdrawal()] if others else []
    why += [_another_case()] if now.is_blocked_by_case else []
    if others or why:
        return told | {"fate": " ".join(why), "others": "\n\n".join(_withdrawal(one, language) for one in others)}
    return told | ({"fate": _kept_blocked()} if word == STOPPED else {})


def fate(now: PlanNow) -> str:
    """Return what becomes of the data of a withdrawal, in the active language."""
    ended = [_("Your registration has ended with it, and all of its data is affected.")]
    return " ".join([*(ended if now.plan.decision.agreement.required else []), _state(now)])


def remedy(word: str, now: PlanNow, *, several: bool, may_agree: bool, page: str) -> str:
    """Return what the person can do, with the page on which it is done."""
    if word not in {STOPPED, AGREED_AGAIN}:
        return _how_to_stop(page) if now.can_be_stopped else _tell_us()
    if several:
        return _each_is_shown(page)
    if word == AGREED_AGAIN:
        return _("If you did not do this, withdraw on the page below, or call us or write to us.") + f"\n{page}"
    if now.plan.stopped_by_kind == "user":
        said = [_("Our office stopped it. To have the data destroyed, call us or write to us.")]
        return " ".join([*said, *([_("You can agree again on the page below.")] if may_agree else [])]) + f"\n{page}"
    return " ".join([_it_goes_on(may_agree), _("If you did not stop it, call us or write to us.")]) + f"\n{page}"


def _state(now: PlanNow) -> str:
    if now.status == Status.WAITING:
        return _to_be_destroyed(_moment(now.plan.due_at))
    if now.status == Status.HELD:
        can_stop = [_("You can still stop the destruction.")] if now.can_be_stopped else []
        return " ".join([_held(), *can_stop])
    if now.status == Status.UNDER_WAY:
        return _under_way()
    if now.status == Status.PARTLY:
        return _partly()
    if now.status == Status.DESTROYED:
        return _destroyed(_moment(now.plan.ended_at)) if now.plan.ended_at else _destroyed_before()
    return _(
        "The destruction was stopped, and we keep the data blocked, at most until its retention period and any hold "
        "for litigation or an investigation have ended."
    )


def _to_be_destroyed(until: str) -> str:
    text = _(
        "We destroy it after %(until)s. What a law requires us to keep stays blocked or moves to a separate archive "
        "instead."
    )
    return text % {"until": until}


def _held() -> str:
    return _(
        "A hold for litigation or an investigation covers it, so no day is set for its destruction. We keep it blocked "
        "and destroy it when the hold ends."
    )


def _under_way() -> str:
    return _(
        "The data is being destroyed now, and this can no longer be stopped. What a law requires us to keep stays "
        "blocked or moves to a separate archive instead."
    )


def _partly() -> str:
    return _(
        "Part of it is destroyed, the rest is on hold for litigation or an investigation. We destroy the rest when the "
        "hold ends; this can no longer be stopped."
    )


def _destroyed(at: str) -> str:
    text = _(
        "The data was destroyed on %(at)s. What a law requires us to keep stays blocked or was moved to a separate "
        "archive instead."
    )
    return text % {"at": at}


def _destroyed_before() -> str:
    return _(
        "The data has already been destroyed. What a law requires us to keep stays blocked or was moved to a separate "
        "archive instead."
    )


def _kept_blocked() -> str:
    return _(
        "Your withdrawal remains in effect, so we keep the data blocked and do not use it, at most until its "
        "retention period and any hold for litigation or an investigation have ended."
    )


def _another_withdrawal() -> str:
    return _("Another withdrawal covers some or all of the same data.")


def _another_case() -> str:
    return _(
        "Another case of our office blocks some or all of the data. That case decides whether the data is kept or "
        "destroyed."
    )


def _how_to_stop(page: str) -> str:
    said = _(
        "If you did not do this, or if you change your mind, stop the destruction before it begins: open the page "
        "below with your consent code or your device and press “Stop the destruction”. You can also call us or write "
        "to us; we can stop it too."
    )
    return f"{said}\n{page}"


def _tell_us() -> str:
    return _("If you did not do this, call us or write to us.")


def _each_is_shown(page: str) -> str:
    said = _(
        "The page below shows each destruction. One that has not begun can be stopped there; you can also call us or "
        "write to us."
    )
    return f"{said}\n{page}"


def _it_goes_on(may_agree: bool) -> str:
    if may_agree:
        return _("It was stopped on the page below. There you can continue the destruction or agree again.")
    return _("It was stopped on the page below. There you can continue the destruction.")


def _recorded(moment: str, agreement: str, receipt: str) -> str:
    text = _(
        "On %(at)s, we recorded that you no longer agree to “%(title)s” (receipt %(receipt)s). We have stopped "
        "collecting and using the personal data processed on that consent."
    )
    return text % {"at": moment, "title": agreement, "receipt": receipt}


def _withdrawal(now: PlanNow, language: str) -> str:
    decision = now.plan.decision
    title = decision.version.spoken("title", language)
    return f"{_recorded(_moment(decision.recorded_at), title, decision.reference)} {fate(now)}"


def _moment(at: datetime | None) -> str:
    return datetime_text(at) if at is not None else ""


def _an_hour() -> str:
    return pgettext("example", "1 March, 09:00")


FATE, REMEDY = gettext_lazy("what becomes of the data"), gettext_lazy("what the person can do, with the page")
ABOUT = {
    "agreement": Placeholder(
        gettext_lazy("title of the agreement"), lambda: pgettext("example", "Analysis of the service"),
        is_required=True,
    ),
    "receipt": Placeholder(gettext_lazy("number of the receipt"), lambda: example_reference(PREFIX), is_required=True),
}  # fmt: skip
RECORDED_AT = Placeholder(gettext_lazy("when the withdrawal was recorded"), _an_hour, is_required=True)


def _declare_recorded(
    word: str, name: Promise, subject: Promise, *, example: Callable[[], str], can_be_stopped: bool = False
) -> None:
    """Declare the e-mail that tells of a withdrawal and of what becomes of its data."""
    what_to_do = Placeholder(REMEDY, lambda: _how_to_stop(PAGE) if can_be_stopped else _tell_us(), is_required=True)
    declare_mail(
        f"consents.destruction-{word}",
        name,
        lambda: (str(subject), [_recorded("{moment}", "{agreement}", "{receipt}") + " {fate}", "{remedy}"]),
        {"moment": RECORDED_AT, **ABOUT, "fate": Placeholder(FATE, example, law=LAW), "remedy": what_to_do},
    )


_declare_recorded(
    PLANNED,
    pgettext_lazy("template", "e-mail: consent ended, data is going to be destroyed"),
    gettext_lazy("Your consent has ended, and your data is going to be destroyed"),
    example=lambda: _to_be_destroyed(_an_hour()),
    can_be_stopped=True,
)
_declare_recorded(
    HELD,
    pgettext_lazy("template", "e-mail: consent ended, destruction on hold"),
    gettext_lazy("Your consent has ended, and the destruction of your data is on hold"),
    example=_held,
    can_be_stopped=True,
)
_declare_recorded(
    UNDER_WAY,
    pgettext_lazy("template", "e-mail: consent ended, data is being destroyed"),
    gettext_lazy("Your consent has ended, and your data is being destroyed"),
    example=_under_way,
)
_declare_recorded(
    PARTLY,
    pgettext_lazy("template", "e-mail: consent ended, part of the data was destroyed"),
    gettext_lazy("Your consent has ended, and part of your data was destroyed"),
    example=_partly,
)
_declare_recorded(
    DESTROYED,
    pgettext_lazy("template", "e-mail: consent ended, data was destroyed"),
    gettext_lazy("Your consent has ended, and your data was destroyed"),
    example=lambda: _destroyed(_an_hour()),
)

STOPPED_AT = Placeholder(gettext_lazy("when the destruction was stopped"), _an_hour, is_required=True)
AGREED_AT = Placeholder(gettext_lazy("when the person agreed again"), _an_hour, is_required=True)
GOES_ON = Placeholder(REMEDY, lambda: _it_goes_on(True) + f"\n{PAGE}", is_required=True)
WITHDRAWS = Placeholder(
    REMEDY,
    lambda: _("If you did not do this, withdraw on the page below, or call us or write to us.") + f"\n{PAGE}",
    is_required=True,
)
EACH = Placeholder(REMEDY, lambda: _each_is_shown(PAGE), is_required=True)
BLOCKED = Placeholder(FATE, _another_case, law=LAW)
COVERED = Placeholder(FATE, _another_withdrawal, law=LAW)
OTHERS = Placeholder(
    gettext_lazy("each other withdrawal, and what becomes of its data"),
    lambda: (
        _recorded(_an_hour(), pgettext("example", "Analysis of the service"), example_reference(PREFIX))
        + f" {_under_way()}"
    ),
    law=LAW,
)


def _stopped() -> str:
    text = _("On %(at)s, the destruction that followed receipt %(receipt)s (“%(title)s”) was stopped.")
    return text % {"at": "{moment}", "title": "{agreement}", "receipt": "{receipt}"}


def _agreed_again() -> str:
    text = _(
        "On %(at)s, we recorded that you agree to “%(title)s” again. The destruction that followed receipt "
        "%(receipt)s is cancelled."
    )
    return text % {"at": "{moment}", "title": "{agreement}", "receipt": "{receipt}"}


declare_mail(
    "consents.destruction-stopped",
    pgettext_lazy("template", "e-mail: destruction after a withdrawal stopped"),
    lambda: (
        _("The destruction of your personal data was stopped"),
        [
            _(
                "On %(at)s, the destruction of the personal data processed on your consent to “%(title)s” was stopped "
                "(receipt %(receipt)s)."
            )
            % {"at": "{moment}", "title": "{agreement}", "receipt": "{receipt}"}
            + " {fate}",
            "{remedy}",
        ],
    ),
    {"moment": STOPPED_AT, **ABOUT, "fate": Placeholder(FATE, _kept_blocked, law=LAW), "remedy": GOES_ON},
)
declare_mail(
    "consents.destruction-stopped-blocked",
    pgettext_lazy("template", "e-mail: destruction stopped, another case blocks the data"),
    lambda: (
        _("The destruction of your personal data was stopped"),
        [f"{_stopped()} {{fate}}", "{remedy}"],
    ),
    {"moment": STOPPED_AT, **ABOUT, "fate": BLOCKED, "remedy": GOES_ON},
)
declare_mail(
    "consents.destruction-stopped-others",
    pgettext_lazy("template", "e-mail: destruction stopped, another withdrawal still applies"),
    lambda: (
        _("One destruction of your personal data was stopped, but another was not"),
        [f"{_stopped()} {{fate}}", "{others}", "{remedy}"],
    ),
    {"moment": STOPPED_AT, **ABOUT, "fate": COVERED, "others": OTHERS, "remedy": EACH},
)
declare_mail(
    "consents.destruction-agreed-again",
    pgettext_lazy("template", "e-mail: agreed again, nothing is destroyed"),
    lambda: (
        _("You agreed again, and your data is not destroyed"),
        [
            _(
                "On %(at)s, we recorded that you agree to “%(title)s” again. The destruction that followed receipt "
                "%(receipt)s is cancelled, and we collect and use the data again."
            )
            % {"at": "{moment}", "title": "{agreement}", "receipt": "{receipt}"},
            "{remedy}",
        ],
    ),
    {"moment": AGREED_AT, **ABOUT, "remedy": WITHDRAWS},
)
declare_mail(
    "consents.destruction-agreed-again-blocked",
    pgettext_lazy("template", "e-mail: agreed again, another case blocks the data"),
    lambda: (
        _("You agreed again, but your data stays blocked"),
        [f"{_agreed_again()} {{fate}}", "{remedy}"],
    ),
    {"moment": AGREED_AT, **ABOUT, "fate": BLOCKED, "remedy": WITHDRAWS},
)
declare_mail(
    "consents.destruction-agreed-again-others",
    pgettext_lazy("template", "e-mail: agreed again, another withdrawal still applies"),
    lambda: (
        _("You agreed again, but another withdrawal still applies"),
        [f"{_agreed_again()} {{fate}}", "{others}", "{remedy}"],
    ),
    {"moment": AGREED_AT, **ABOUT, "fate": COVERED, "others": OTHERS, "remedy": EACH},
)
