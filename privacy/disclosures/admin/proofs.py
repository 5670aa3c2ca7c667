"""Who has proven a correction: what each recipient answered, and what the office settles where nothing is proven."""

from collections.abc import Collection
from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.accounts.actors import actor_of
from privacy.accounts.admin.console_buttons import Page, hand_out_paper, pressed
from privacy.disclosures import actions as disclosures
from privacy.disclosures import proof_states
from privacy.disclosures.admin.forms import SettlementForm
from privacy.disclosures.events import Event
from privacy.disclosures.models import CorrectionProof, RecipientAnswer, ThirdParty
from privacy.ledger.models import Entry
from privacy.lib.console.read_form import ReadForm
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button
from privacy.lib.console.second_person_step import SecondPersonStep
from privacy.lib.dates import clock
from privacy.lib.display.badges import badge, datetime_text
from privacy.lib.record_labels import about_label

SEND, SETTLE = "disclosures.send_notice", "disclosures.settle_proof"
# What opens a way to one person of the office after the notice.
SINCE = {
    Event.PARTY_CHANGED: pgettext_lazy("recipient's proof", "how it is told was changed"),
    Event.WEBHOOK_KEY_SHOWN: pgettext_lazy("recipient's proof", "its webhook key was shown"),
}


class FollowUpFilter(admin.SimpleListFilter):
    """Awaited, to be followed up, or ended."""

    title = _("awaited or ended")
    parameter_name = "awaited"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("open", pgettext_lazy("recipient's proof", "awaited")),
            ("office", pgettext_lazy("recipient's proof", "to be followed up")),
            ("ended", pgettext_lazy("recipient's proof", "ended")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "open":
            return queryset.open()
        if self.value() == "office":
            return queryset.with_the_office()
        return queryset.exclude(state__in=CorrectionProof.OPEN) if self.value() == "ended" else queryset


@admin.register(CorrectionProof)
class CorrectionProofAdmin(ReadOnlyAdmin):
    explanation = _(
        "Recipients of a correction prove that they have made it. Receiving the notice proves nothing. Recipients who "
        "don't answer, answer wrongly or can't be reached are followed up here."
    )
    empty_hint = _("Carrying out a correction asks each earlier recipient for its proof.")
    list_display = ("notice", "recipient", "state_shown", "due_on", "contradictions", "because_shown")
    list_select_related = ("notice__third_party",)
    list_filter = (FollowUpFilter, "state")
    fields = (
        ("notice", "recipient"), "state_shown", "says_shown", ("asked_at", "due_on"),
        ("round", "tries_left", "contradictions"), "because_shown", "answered_at", "answers_shown",
        "since_shown",
        ("settled_as", "settler", "settled_at"), "note", "file_digest", ("seconder", "seconded_at"), "ended_at",
    )  # fmt: skip
    readonly_fields = (
        "recipient", "state_shown", "says_shown", "because_shown", "answers_shown", "since_shown", "settler",
        "seconder",
    )  # fmt: skip
    actions = ("ask_again", "settle", "confirm", "send_back", "open_file", "open_answers_file")
    second_person = SecondPersonStep(
        SETTLE,
        lambda record: record.waits_for_second,
        asked_by=lambda record: record.settled_by,
        button="confirm",
        rows={"ended_at__isnull": True, "settled_by__gt": "", "seconded_by__exact": ""},
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[CorrectionProof]:
        """What investigative agencies hold is for the few who handle it (law P-12)."""
        found: QuerySet[CorrectionProof] = super().get_queryset(request)
        if actor_of(request).may("disclosures.see_investigations"):
            return found
        return found.exclude(notice__third_party__kind=ThirdParty.Kind.INVESTIGATOR)

    def buttons_for(self, record: CorrectionProof) -> Collection[str]:
        offered = ["open_file"] if record.file_id else []
        if record.answers.filter(file_id__isnull=False).exists():
            offered.append("open_answers_file")
        if not record.is_open:
            return offered
        if record.waits_for_second:
            return [*offered, "confirm", "send_back"]
        return [*offered, "ask_again"] if record.seconded_by else [*offered, "ask_again", "settle"]

    @admin.display(description=_("recipient"))
    def recipient(self, row: CorrectionProof) -> str:
        return row.notice.third_party.title

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, row: CorrectionProof) -> SafeString:
        on = clock.today()
        text = proof_states.state_text(row)
        if row.is_late(on):
            return badge(_("late: %(state)s") % {"state": text}, "late")
        return badge(text, proof_states.shape_of(row, on=on))

    @admin.display(description=_("what the person reads"))
    def says_shown(self, row: CorrectionProof) -> str:
        return proof_states.told([row.notice], on=clock.today())[0].says

    @admin.display(description=_("to be followed up because"))
    def because_shown(self, row: CorrectionProof) -> str:
        return str(row.get_escalated_because_display()) if row.is_with_the_office else "–"

    @admin.display(description=pgettext_lazy("recipient's proof", "answers"))
    def answers_shown(self, row: CorrectionProof) -> SafeString | str:
        lines = [(datetime_text(one.answered_at), one.get_way_display(), self._says(one)) for one in row.answers.all()]
        return format_html_join("", "<div>{} · {} · <strong>{}</strong></div>", lines) or "–"

    @admin.display(description=pgettext_lazy("recipient's proof", "address and key since the notice"))
    def since_shown(self, row: CorrectionProof) -> SafeString | str:
        """What the trail says of how the recipient is reached: who changes that could answer in its place."""
        party = row.notice.third_party
        found = Entry.objects.about(f"{about_label(party)}:{party.pk}").filter(word__in=SINCE)
        lines = [
            (datetime_text(one.time), SINCE[Event(one.word)], self.account_name(one.actor))
            for one in found.filter(time__gte=row.notice.queued_at).order_by("id")
        ]
        return format_html_join("", "<div>{} · {} · {}</div>", lines) or "–"

    def _says(self, one: RecipientAnswer) -> str:
        said = [
            ": ".join(
                filter(
                    None,
                    (
                        self._name("item", item),
                        str(RecipientAnswer.Says(part["says"]).label),
                        str(RecipientAnswer.Verdict(part["found"]).label)
                        if "commitment" in part and "found" in part
                        else "",
                        str(RecipientAnswer.Reason(part["reason"]).label) if part.get("reason") else "",
                    ),
                )
            )
            for item, part in one.items.items()
        ]
        late = f" ({_('late')})" if one.late else ""
        return f"{', '.join(said)} → {one.get_verdict_display()}{late}"

    @admin.display(description=pgettext_lazy("recipient's proof", "settled by"))
    def settler(self, row: CorrectionProof) -> str:
        return self.account_name(row.settled_by) if row.settled_by else "–"

    @admin.display(description=_("second look by"))
    def seconder(self, row: CorrectionProof) -> str:
        return self.account_name(row.seconded_by) if row.seconded_by else "–"

    @button(description=_("Ask again"), permission=SEND, locations=CHANGE_FORM_ONLY)
    def ask_again(self, request: HttpRequest, queryset: QuerySet[CorrectionProof]) -> Page:
        verb = lambda row, **given: disclosures.ask_for_proof(row.notice, **given)  # noqa: E731
        return pressed(
            self, request, queryset, verb, title=_("Ask again"),
            consequences=[
                _("The recipient is asked under a new key, with a new day. Earlier keys no longer count."),
                _("A recipient that is told by letter waits for you to print and post the notice again."),
            ],
            success=_("It is asked again."),
        )  # fmt: skip

    @button(description=_("Settle otherwise"), permission=SETTLE, locations=CHANGE_FORM_ONLY)
    def settle(self, request: HttpRequest, queryset: QuerySet[CorrectionProof]) -> Page:
        return pressed(
            self, request, queryset, disclosures.settle, title=_("Settle otherwise"), form_class=SettlementForm,
            consequences=[
                _("The evidence is kept with the record, encrypted."),
                _("It counts once another person has looked at the evidence. The person is told how it ended."),
            ],
            success=_("Recorded. Another person must look at it now."),
        )  # fmt: skip

    @button(description=_("Confirm after a second look"), permission=SETTLE, locations=CHANGE_FORM_ONLY)
    def confirm(self, request: HttpRequest, queryset: QuerySet[CorrectionProof]) -> Page:
        return pressed(
            self, request, queryset, partial(disclosures.second_settlement, agrees=True),
            title=_("Confirm after a second look"), form_class=ReadForm,
            initial={"read": queryset.get().file_digest},
            consequences=[
                _("You have opened the evidence, and it shows what is stated."),
                _("Nothing more is asked of this recipient."),
            ],
            success=_("Confirmed."),
        )  # fmt: skip

    @button(description=_("Send back"), permission=SETTLE, locations=CHANGE_FORM_ONLY)
    def send_back(self, request: HttpRequest, queryset: QuerySet[CorrectionProof]) -> Page:
        return pressed(
            self, request, queryset, partial(disclosures.second_settlement, agrees=False), title=_("Send back"),
            consequences=[_("The recipient is followed up again. The rejected evidence is named on the audit trail.")],
            success=_("Sent back."),
        )  # fmt: skip

    @button(description=_("Open the evidence"), permission=SETTLE, locations=CHANGE_FORM_ONLY)
    def open_file(self, request: HttpRequest, queryset: QuerySet[CorrectionProof]) -> Page:
        row = queryset.get()
        verb = partial(disclosures.open_evidence, row, file_id=row.file_id)
        return hand_out_paper(self, request, verb, name=row.notice.reference)

    @button(description=_("Open the recipient’s file"), permission=SETTLE, locations=CHANGE_FORM_ONLY)
    def open_answers_file(self, request: HttpRequest, queryset: QuerySet[CorrectionProof]) -> Page:
        row = queryset.get()
        newest = row.answers.filter(file_id__isnull=False).order_by("-answered_at").first()
        verb = partial(disclosures.open_evidence, row, file_id=newest.file_id if newest else None)
        return hand_out_paper(self, request, verb, name=row.notice.reference)


@admin.register(RecipientAnswer)
class RecipientAnswerAdmin(ReadOnlyAdmin):
    explanation = _(
        "What recipients answered, as they did. Nobody can change it. Digests say nothing without their key."
    )
    empty_hint = _("Answers come from recipients that were asked to prove a correction.")
    list_display = ("proof", "verdict", "way", "late", "answered_at")
    list_select_related = ("proof__notice",)
    list_filter = ("verdict", "way", "late")
    fields = (("proof", "round"), ("way", "answered_at"), ("verdict", "late"), "items", "digest", "file_digest")

    def get_queryset(self, request: HttpRequest) -> QuerySet[RecipientAnswer]:
        """What investigative agencies hold is for the few who handle it (law P-12)."""
        found: QuerySet[RecipientAnswer] = super().get_queryset(request)
        if actor_of(request).may("disclosures.see_investigations"):
            return found
        return found.exclude(proof__notice__third_party__kind=ThirdParty.Kind.INVESTIGATOR)
