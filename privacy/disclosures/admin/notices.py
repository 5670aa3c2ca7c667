"""Correction notices: sent, acknowledged, or waiting for the officer."""

from functools import partial

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.disclosures import actions as disclosures
from privacy.disclosures import notice_texts, proof_states
from privacy.disclosures.models import Notice, ThirdParty
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.dates import clock
from privacy.lib.display import display_names
from privacy.lib.display.badges import state_badge

SEND = "disclosures.send_notice"


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    explanation = _("Notices telling recipients that data they hold was corrected or erased. None is ever dropped.")
    empty_hint = _("Carrying out a correction queues one notice for each earlier recipient.")
    list_display = (
        "reference", "kind", "third_party", "case_reference", "state_shown", "channel", "queued_at", "sent_at",
        "acknowledged_at", "proof_shown", "trouble",
    )  # fmt: skip
    list_filter = ("state", "kind", "channel")
    list_select_related = ("third_party", "proof")
    fields = (
        ("reference", "kind", "state_shown"), "third_party", "case_reference",
        ("category", "items_shown", "partly_kept"), "disclosures", ("channel", "printed_at", "message_id"), "queued_at",
        ("sent_at", "sent_by"), ("acknowledged_at", "proof_shown"), ("parked_at", "trouble"),
    )  # fmt: skip
    readonly_fields = ("state_shown", "items_shown", "proof_shown")
    actions = ("resend", "print_letter", "posted", "bounced", "ask_for_proof")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notice]:
        """What investigative agencies hold is for the few who handle it (law P-12)."""
        found: QuerySet[Notice] = super().get_queryset(request)
        if actor_of(request).may("disclosures.see_investigations"):
            return found
        return found.exclude(third_party__kind=ThirdParty.Kind.INVESTIGATOR)

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, notice: Notice) -> SafeString:
        return state_badge(notice.state, notice.get_state_display())

    @admin.display(description=_("items"))
    def items_shown(self, notice: Notice) -> str:
        return ", ".join(display_names.display_name("item", item, on=clock.today()) for item in notice.items)

    @admin.display(description=_("proof of the correction"))
    def proof_shown(self, notice: Notice) -> SafeString | str:
        proof = getattr(notice, "proof", None)
        if proof is None:
            return "–"
        page = reverse("admin:disclosures_correctionproof_change", args=[proof.pk])
        return format_html('<a href="{}">{}</a>', page, proof_states.state_text(proof))

    @button(description=_("Ask for a proof"), permission=SEND, locations=CHANGE_FORM_ONLY)
    def ask_for_proof(self, request: HttpRequest, queryset: QuerySet[Notice]) -> HttpResponse | None:
        verb = partial(disclosures.ask_for_proof, queryset.get(), actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("The recipient is asked to prove the correction."))
        return None

    @button(description=_("Send again"), permission=SEND)
    def resend(self, request: HttpRequest, queryset: QuerySet[Notice]) -> HttpResponse | None:
        for notice in queryset:
            verb = partial(disclosures.resend, notice, actor=actor_of(request), at=clock.now())
            run_action(self, request, verb, f"{notice.reference}: " + str(_("queued again.")))
        return None

    @button(description=_("It was returned"), permission=SEND, locations=CHANGE_FORM_ONLY)
    def bounced(self, request: HttpRequest, queryset: QuerySet[Notice]) -> HttpResponse | None:
        verb = partial(disclosures.mark_bounced, queryset.get(), actor=actor_of(request), at=clock.now())
        run_action(
            self,
            request,
            verb,
            _("This notice needs your attention: correct the address and send it again, or print it."),
        )
        return None

    @button(description=_("Print (PDF)"), permission=SEND, locations=CHANGE_FORM_ONLY)
    def print_letter(self, request: HttpRequest, queryset: QuerySet[Notice]) -> HttpResponse | None:
        """A letter about a correction carries the corrected values, so the vault is opened for it."""
        notice = queryset.select_related("third_party").get()
        made: list[bytes] = []
        has_values = notice.kind == Notice.Kind.CORRECTED

        def verb() -> None:
            at = clock.now()
            values = (
                disclosures.read_corrected(notice, task="disclosures.notice.printed", actor=actor_of(request), at=at)
                if has_values
                else []
            )
            disclosures.note_printed(notice, at=at)
            made.append(notice_texts.letter_pdf(notice, values, actor=actor_of(request), at=at))

        recorded, plain = _("The letter was created, and the opening was recorded."), _("The letter was created.")
        if not run_action(self, request, verb, recorded if has_values else plain):
            return None
        response = HttpResponse(made[0], content_type="application/pdf")
        response.headers["Content-Disposition"] = f'attachment; filename="{notice.reference}.pdf"'
        response.headers["Cache-Control"] = "no-store"
        return response

    @button(description=_("Mark as posted"), permission=SEND, locations=CHANGE_FORM_ONLY)
    def posted(self, request: HttpRequest, queryset: QuerySet[Notice]) -> HttpResponse | None:
        verb = partial(disclosures.mark_posted, queryset.get(), actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("Marked as posted."))
        return None
