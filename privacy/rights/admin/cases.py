"""Cases in the console: due dates first, then what was asked, decided and carried out; opening words is on record."""

from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from privacy.accounts.console import actor_of
from privacy.accounts.names import name_of
from privacy.disclosures.models import Notice
from privacy.lib import clock, papers
from privacy.lib.admin import button, run_verb
from privacy.lib.badges import due_badge, state_badge
from privacy.lib.codes import new_submission
from privacy.lib.downloads import attachment
from privacy.lib.refusals import Refusal
from privacy.rights import actions as rights
from privacy.rights import letters
from privacy.rights.admin.desk import Desk
from privacy.rights.admin.postponing import PAGE, Answer
from privacy.rights.admin.reports import disputed_reports, has_no_words
from privacy.rights.deskforms import ReceiveForm
from privacy.rights.forms import AskForm
from privacy.rights.models import Postponement, Request, Right
from privacy.subjects.models import Subject

READ = "rights.open_particulars"


@admin.register(Request)
class RequestAdmin(Desk):
    explanation = _("What people asked for, with the day until which they get an answer. The clock never pauses.")
    empty_hint = _("A request appears here when somebody asks on the public page, or you write one down.")
    list_display = (
        "number",
        "state_shown",
        "due_shown",
        "asked_for",
        "channel",
        "requester",
        "assigned_shown",
        "received_on",
    )
    list_filter = ("state", "channel", "requester", "rights__kind")
    search_fields = ("number", "reference")
    search_help_text = _("Case number or reference, in full.")
    ordering = ("due_on", "number")
    change_form_template = "admin/rights/request/change_form.html"
    change_list_template = "admin/rights/request/change_list.html"
    fields = (
        ("number", "reference"), ("channel", "requester", "language", "answer_by"),
        ("received_at", "received_on"), ("due_shown", "target_on"), ("target_kind", "matching_shown"),
        ("identity_method", "verified_by", "verified_at"), ("authority", "authority_until"),
        ("evidence_asked_at", "evidence_received_at"), "assigned_shown",
        ("fee_won", "postage_won", "cause_with_controller"), ("notified_at", "closed_at"),
    )  # fmt: skip
    readonly_fields = ("due_shown", "matching_shown", "assigned_shown")
    actions = (
        "verify", "ask_evidence", "reject", "assign", "write_words", "write_content", "grant", "refuse", "postpone",
        "end_postponement", "carry_out", "resume", "fee", "close", "write_note", "read", "show_document",
    )  # fmt: skip

    def verbs_for(self, record: Request) -> list[str]:
        """Offer what comes next: identity, decision, carrying out, closing; and what can be done all along."""
        steps = ["write_words"] if has_no_words(record) else []
        if record.state in Request.BEFORE_IDENTITY:
            steps += ["verify", "ask_evidence", "reject"]
        if record.is_verified and record.is_open:
            undecided = set(record.rights.undecided().values_list("kind", flat=True))
            steps += ["write_content"] if disputed_reports(record).exists() else []
            steps += ["grant", "refuse"] if undecided else []
            steps += ["postpone"] if Right.Kind.ACCESS in undecided else []
            put_off = Postponement.objects.filter(right__request=record, ended_on=None).exists()
            steps += ["end_postponement"] if put_off else []
            steps += ["carry_out"] if record.rights.to_carry_out().exists() else []
        steps += ["resume"] if record.rights.suspending().exists() else []
        steps += ["close"] if record.state == Request.State.NOTIFIED else []
        steps += ["assign", "fee", "write_note"] if record.is_open else []
        return [*steps, "read", *(["show_document"] if rights.documents(record).exists() else [])]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Request]:
        found: QuerySet[Request] = super().get_queryset(request).prefetch_related("rights")
        return found

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Request], search_term: str
    ) -> tuple[QuerySet[Request], bool]:
        """Exact number or reference only (law S-28)."""
        term = search_term.strip().upper()
        if not term:
            return queryset, False
        return queryset.filter(number=term) | queryset.filter(reference=term), False

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, case: Request) -> SafeString:
        return state_badge(case.state, case.get_state_display())

    @admin.display(description=_("due date"), ordering="due_on")
    def due_shown(self, case: Request) -> SafeString:
        return due_badge(case.due_on, clock.today(), settled=case.state not in Request.UNANSWERED)

    @admin.display(description=_("asked for"))
    def asked_for(self, case: Request) -> str:
        return ", ".join(str(right.get_kind_display()) for right in case.rights.all())

    @admin.display(description=_("assigned to"), ordering="assigned_to")
    def assigned_shown(self, case: Request) -> str:
        return name_of(case.assigned_to) if case.assigned_to else "–"

    @admin.display(description=_("record"))
    def matching_shown(self, case: Request) -> str:
        if case.is_verified:
            person = Subject.objects.filter(pk=case.subject_id).first() if case.subject_id else None
            return person.reference if person else now_("nothing is held")
        return now_("a record matches the claim") if case.matched_subject_id else now_("no record matches the claim")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        case = self.get_object(request, object_id)
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **_story(case)})

    @button(description=_("Read what was written"), permission=READ, locations=PAGE)
    def read(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        """Show the requester's words and the office's notes once. The opening is on the requester's record."""
        case, actor = queryset.get(), actor_of(request)
        words = None
        try:
            notes = rights.read_notes(case, actor=actor, at=clock.now())
            if not (notes and has_no_words(case)):
                words = rights.read_particulars(case, task="rights.particulars.read", actor=actor, at=clock.now())
        except Refusal as refusal:
            run_verb(self, request, partial(_again, refusal), "")
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _("What was written"),
            "opts": self.opts,
            "case": case,
            "words": words,
            "contact": [(AskForm.base_fields[name].label, said) for name, said in words.contact.items()]
            if words
            else [],
            "wanted": [
                (letters.right_name(right, on=case.received_on), words.wanted.get(str(right.position), ""))
                for right in case.rights.all()
            ]
            if words
            else [],
            "notes": [(name_of(note.by), note) for note in notes],
        }
        return TemplateResponse(request, "admin/rights/request/particulars.html", context)

    @button(description=_("Open the newest document"), permission="rights.verify_identity", locations=PAGE)
    def show_document(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        case = queryset.get()
        opened: dict[str, Any] = {}

        def verb() -> None:
            opened.update(rights.open_document(case, actor=actor_of(request), at=clock.now()))

        if not run_verb(self, request, verb, _("The document was opened; the opening is on record.")):
            return None
        name = f"{case.number}-{opened['number']}.{papers.EXTENSIONS[opened['media_type']]}"
        return attachment(opened["content"], media_type=opened["media_type"], name=name)

    def get_urls(self) -> list[URLPattern]:
        return [
            path("receive/", self.page(self.receive, needs="rights.receive_request"), name="rights_request_receive"),
            *super().get_urls(),
        ]

    def receive(self, request: HttpRequest) -> HttpResponse:
        """Write down a request that came by telephone, e-mail, letter or visit (P1.3)."""
        form = ReceiveForm(request.POST or None, on=clock.today(), initial={"submission": new_submission()})
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            try:
                receipt = rights.receive(
                    channel=given["channel"],
                    asked=form.asked(),
                    target_kind=given["target_kind"],
                    target=given["target"],
                    requester=given["requester"],
                    contact=form.contact(),
                    answer_by=given["answer_by"],
                    explanation=given["explanation"],
                    received_on=given["received_on"],
                    submission=given["submission"],
                    actor=actor_of(request),
                    at=clock.now(),
                )
            except Refusal as refusal:
                form.add_error(None, str(refusal))
            else:
                context = {**self._page(request, _("Request recorded")), "receipt": receipt}
                return TemplateResponse(request, "admin/rights/request/recorded.html", context)
        context = {**self._page(request, _("Record a request")), "form": form}
        return TemplateResponse(request, "admin/rights/request/receive.html", context)

    def _page(self, request: HttpRequest, title: object) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "title": title, "opts": self.opts}


def _story(case: Request | None) -> dict[str, Any]:
    """What stands under the fields of a case: its rights, notices to recipients, answers and objections."""
    if case is None:
        return {}
    found = list(case.rights.all())
    for right in found:
        right.request = case
    return {
        "case_rights": [
            {
                "right": right,
                "name": letters.right_name(right, on=case.received_on),
                "decision": letters.decision_text(right, on=case.received_on).split("\n"),
                "decider": name_of(right.decided_by) if right.decided_by else "",
            }
            for right in found
        ],
        "notices": (Notice.objects.of_case(case.id) | _of_its_withdrawals(case))
        .select_related("third_party")
        .order_by("queued_at"),
        "answers": case.letters.order_by("queued_at"),
        "documents": rights.documents(case).count(),
        "objections": rights.objections_of(case).select_related("right"),
    }


def _of_its_withdrawals(case: Request) -> QuerySet[Notice]:
    """A withdrawal's notices belong to the decision; those that a case brought about are shown on it."""
    if case.subject_id is None or not case.rights.filter(kind=Right.Kind.CONSENT_WITHDRAWAL).exists():
        return Notice.objects.none()
    return Notice.objects.filter(
        subject_id=case.subject_id, kind=Notice.Kind.WITHDRAWN, queued_at__gte=case.received_at
    )


def _again(refusal: Refusal) -> None:
    raise refusal
