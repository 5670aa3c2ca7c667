"""Cases in the console: due dates first, then what was asked, decided and carried out; opening words is on record."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from privacy.accounts.actors import actor_of
from privacy.accounts.display_names import name_with_reference
from privacy.disclosures import proof_states
from privacy.lib.console.admin_add import make_or_refuse
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, button, run_action
from privacy.lib.console.second_person_step import SecondPersonStep
from privacy.lib.dates import clock
from privacy.lib.display.badges import due_badge, state_badge
from privacy.lib.identifiers.access_codes import new_form_nonce
from privacy.rights import actions as rights
from privacy.rights import duplicates, lead_times, letters, matching, recipient_states, representation, system_states
from privacy.rights.admin.automated_decisions import extendable
from privacy.rights.admin.case_actions import CaseActions, next_permission
from privacy.rights.admin.document_files import documents_file
from privacy.rights.admin.forms import ReceiveForm
from privacy.rights.admin.forwardings import to_pass_on, unanswered
from privacy.rights.admin.list_filters import AssigneeFilter
from privacy.rights.admin.mandates import MandateForm
from privacy.rights.admin.messages import message_buttons, messages_shown
from privacy.rights.admin.postponements import Answer
from privacy.rights.admin.receive_steps import ReceiveSteps
from privacy.rights.admin.report_corrections import disputed_reports, lacks_particulars
from privacy.rights.admin.suspended_data import undecided_measures
from privacy.rights.forms import RequestForm
from privacy.rights.models import Forwarding, Postponement, Request, Right, SuspensionMeasure
from privacy.subjects.models import Subject

READ = "rights.open_particulars"


@admin.register(Request)
class RequestAdmin(CaseActions):
    explanation = _("What people asked for, and the day by which they must get an answer. The deadline never pauses.")
    empty_hint = _("A request appears here when someone sends one from the public page, or when you record one.")
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
    account_fields = ("assigned_to",)
    list_filter = ("state", AssigneeFilter, "channel", "requester", "rights__kind")
    search_fields = ("number", "reference")
    search_help_text = _("Case number or reference, in full.")
    ordering = ("due_on", "number")
    change_form_template = "admin/rights/request/change_form.html"
    change_list_template = "admin/rights/request/change_list.html"
    fields = (
        ("requester", "channel", "language", "answer_by"), ("target_kind", "matching_shown"),
        ("identity_method", "verifier", "verified_at"), ("authority", "authority_until"),
        ("mandate_shown", "mandate_given_on", "mandate_signed"),
        ("evidence_asked_at", "evidence_received_at"), "forwardings_shown", "measures_shown", "assigned_shown",
        ("received_at", "received_on", "recorder"), ("due_shown", "target_on"),
        ("fee_won", "postage_won", "cause_with_controller"), ("notified_at", "closed_at"), ("number", "reference"),
    )  # fmt: skip
    readonly_fields = (
        "mandate_shown",
        "due_shown",
        "matching_shown",
        "assigned_shown",
        "recorder",
        "verifier",
        "forwardings_shown",
        "measures_shown",
    )
    second_person = SecondPersonStep(next_permission, lambda case: case.is_open, is_chain=True)
    actions = (
        "verify", "ask_evidence", "attach_document", "reject", "renew_authority", "assign", "remind", "write_words",
        "decide", "write_content", "grant", "refuse", "postpone", "approve_postponement", "decline_postponement",
        "answer_decision", "extend_term",
        "end_postponement", "preview", "carry_out", "stop", "resume", "fee", "join", "part", "pass_on",
        "controller_answer", "keep_suspended", "close", "write_note",
        "read_messages", "open_attachments", "write_message", "settle_messages",
        "read", "show_document",
    )  # fmt: skip

    def buttons_for(self, record: Request) -> list[str]:
        """Offer what comes next first: identity, decision, carrying out, closing; and what can be done all along."""
        steps = ["write_words"] if lacks_particulars(record) else []
        to_read = ["read", *(["show_document"] if rights.documents(record).exists() else [])]
        if record.state in Request.BEFORE_IDENTITY:
            steps += ["verify", *to_read, "ask_evidence", "attach_document", "reject"]
        if record.is_verified and record.is_open:
            undecided = set(record.rights.undecided().values_list("kind", flat=True))
            steps += ["decide", *to_read, "grant", "refuse"] if undecided else []
            steps += ["ask_evidence"] if rights.may_need_proof(record) else []
            steps += ["attach_document"] if rights.waits_for_proof(record) else []
            steps += ["pass_on"] if to_pass_on(record).exists() else []
            steps += ["write_content"] if disputed_reports(record).exists() else []
            postponed = Postponement.objects.filter(right__request=record)
            steps += ["postpone"] if Right.Kind.ACCESS in undecided and not postponed.exists() else []
            steps += ["approve_postponement", "decline_postponement"] if postponed.proposed().exists() else []
            steps += ["end_postponement"] if postponed.in_force().filter(ended_on=None).exists() else []
            waiting = record.rights.waiting(at=clock.now())
            steps += ["carry_out"] if record.rights.to_release().exclude(id__in=waiting.values("id")).exists() else []
            steps += ["answer_decision"] if record.rights.to_answer().exists() else []
            steps += ["extend_term"] if extendable(record).exists() else []
            steps += ["preview"] if rights.can_be_previewed(record) else []
            steps += ["stop"] if record.rights.stoppable().exists() else []
        steps += ["controller_answer"] if unanswered(record).exists() else []
        if record.state in rights.JOINABLE and duplicates.earlier_duplicates(record).exists():
            steps += ["join"]
        steps += ["part"] if record.state == Request.State.JOINED else []
        steps += ["keep_suspended"] if undecided_measures(record).exists() else []
        steps += ["resume"] if record.rights.suspending().exists() else []
        if representation.lacks_mandate(record, at=clock.now()):
            steps += ["ask_evidence", "attach_document", "renew_authority"]
        steps += ["close"] if record.state == Request.State.NOTIFIED else []
        steps += ["assign"] if record.is_open else []
        steps += ["remind"] if record.is_open and record.assigned_to else []
        steps += ["fee"] if record.state in Request.UNANSWERED else []
        steps += ["write_note"] if record.is_open else []
        steps += message_buttons(record)
        return list(dict.fromkeys([*steps, *to_read]))

    def get_fields(self, request: HttpRequest, obj: Request | None = None) -> Any:
        """Leave out what says nothing here, as the fee where none is asked for."""
        fields = super().get_fields(request, obj)
        if obj is None:
            return fields
        empty = {
            "fee_won": not (obj.fee_won or obj.postage_won or obj.cause_with_controller),
            "mandate_shown": obj.mandate_given_on is None,
            "forwardings_shown": not Forwarding.objects.filter(right__request=obj).exists(),
            "measures_shown": not SuspensionMeasure.objects.filter(right__request=obj).exists(),
        }
        return [line for line in fields if not any(empty.get(name) and name in line for name in empty)]

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

    @admin.display(description=_("what was requested"))
    def asked_for(self, case: Request) -> str:
        return ", ".join(str(right.get_kind_display()) for right in case.rights.all())

    @admin.display(description=_("assigned to"), ordering="assigned_to")
    def assigned_shown(self, case: Request) -> str:
        return self.account_name(case.assigned_to) if case.assigned_to else "–"

    @admin.display(description=_("recorded by"))
    def recorder(self, case: Request) -> str:
        return name_with_reference(case.received_by) if case.received_by else now_("the requester")

    @admin.display(description=_("verified by"))
    def verifier(self, case: Request) -> str:
        return name_with_reference(case.verified_by) if case.verified_by else "–"

    @admin.display(description=_("what the mandate covers"))
    def mandate_shown(self, case: Request) -> str:
        return ", ".join(str(Request.Mandate(code).label) for code in case.mandate_covers) or "–"

    @admin.display(description=_("record"))
    def matching_shown(self, case: Request) -> str:
        if case.is_verified:
            people = Subject.objects.filter(id__in=case.people.values("subject_id")).order_by("id")
            covered = ", ".join(people.values_list("reference", flat=True)) or now_("nothing is held")
            left_out = matching.records_not_covered(case)
            if not left_out:
                return covered
            told = now_("%(covered)s. Other records with this number, not covered: %(records)s")
            return told % {"covered": covered, "records": ", ".join(matching.with_gateways(left_out))}
        found = matching.find_records(case.target_kind, bytes(case.target_index), most=None)
        if not found:
            return now_("no record matches the number given")
        told = ngettext(
            "%(count)d record matches the number given", "%(count)d records match the number given", len(found)
        ) % {"count": len(found)}
        return f"{told}: {', '.join(matching.with_gateways(found))}"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        case = self.get_object(request, object_id)
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **_story(case)})

    @button(description=_("Read the request"), permission=READ, locations=CHANGE_FORM_ONLY)
    def read(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        """Show the requester's words and the office's notes once. The opening is on the requester's record."""
        case, actor = queryset.get(), actor_of(request)
        words = None
        notes = rights.read_notes(case, actor=actor, at=clock.now())
        if not (notes and lacks_particulars(case)):
            words = rights.read_particulars(case, task="rights.particulars.read", actor=actor, at=clock.now())
        context = {
            **self.admin_site.each_context(request),
            "title": _("Request text"),
            "opts": self.opts,
            "case": case,
            "words": words,
            "contact": [(RequestForm.base_fields[name].label, said) for name, said in words.contact.items()]
            if words
            else [],
            "wanted": [
                (letters.right_name(right, on=case.received_on), words.wanted.get(str(right.position), ""))
                for right in case.rights.all()
            ]
            if words
            else [],
            "mandate": [
                (MandateForm.base_fields[name].label, said)
                for name, said in rights.read_mandate(case, actor=actor, at=clock.now()).items()
            ],
            "notes": [(name_with_reference(note.by), note) for note in notes],
        }
        return TemplateResponse(request, "admin/rights/request/particulars.html", context)

    @button(description=_("Open the documents"), permission="rights.verify_identity", locations=CHANGE_FORM_ONLY)
    def show_document(self, request: HttpRequest, queryset: QuerySet[Request]) -> Answer:
        """Hand out the document of a case, or all of them in one ZIP: authority is proven by more than one."""
        case, opened = queryset.get(), list[rights.OpenedDocument]()

        def verb() -> None:
            opened.extend(rights.open_documents(case, actor=actor_of(request), at=clock.now()))

        held = rights.documents(case).count()
        if not run_action(self, request, verb, _("What you opened was recorded.")):
            return None
        if len(opened) < held:
            told = now_(
                "%(opened)d of %(held)d documents could be opened. The others are waiting for a scan, are harmful or "
                "are damaged."
            )
            messages.warning(request, told % {"opened": len(opened), "held": held})
        return documents_file(opened, name=case.number)

    def get_urls(self) -> list[URLPattern]:
        return [
            path("lead-times/", self.page(self.lead_times), name="rights_request_lead_times"),
            path("receive/", self.page(self.receive, needs="rights.receive_request"), name="rights_request_receive"),
            *super().get_urls(),
        ]

    def lead_times(self, request: HttpRequest) -> HttpResponse:
        """Show how long answers took, and which share of them kept its day."""
        context = {
            **self._page(request, _("Lead times and answers on time")),
            "explanation": _(
                "The last twelve months by the month of the answer. In brackets: how many answers. A request for "
                "several rights counts once for each."
            ),
            "pictures": lead_times.pictures(clock.today()),
        }
        return TemplateResponse(request, "admin/figures.html", context)

    def receive(self, request: HttpRequest) -> HttpResponse:
        """Write down a request that came by telephone, e-mail, letter or visit (P1.3)."""
        form = ReceiveForm(request.POST or None, on=clock.today(), initial={"submission": new_form_nonce()})
        go = request.POST.get("go", "")
        steps = ReceiveSteps(form, at=request.POST.get("at", ""), go=go)
        if request.method == "POST" and not go and form.is_valid():
            given = form.cleaned_data
            receipt = make_or_refuse(
                form,
                lambda: rights.receive(
                    channel=given["channel"],
                    **form.received(),
                    received_on=given["received_on"],
                    submission=given["submission"],
                    actor=actor_of(request),
                    at=clock.now(),
                ),
            )
            if receipt is not None:
                context = {**self._page(request, _("Request recorded")), "receipt": receipt}
                return TemplateResponse(request, "admin/rights/request/recorded.html", context)
        if request.method == "POST" and not go:
            steps.go_to_errors()
        context = {
            **self._page(request, _("Record a request")),
            "explanation": _(
                "For requests by telephone, e-mail, letter or visit. The period starts on the day after receipt."
            ),
            "form": form,
            "steps": steps,
            "verb": _("Record the request"),
        }
        return TemplateResponse(request, "admin/form_steps.html", context)

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
        "duplicates": duplicates.possible_duplicates(case) if case.is_open else [],
        "case_rights": [
            {
                "right": right,
                "name": letters.right_name(right, on=case.received_on),
                "decision": letters.decision_text(right, on=case.received_on).split("\n"),
                "decider": name_with_reference(right.decided_by) if right.decided_by else "",
                "waiting": right.is_waiting(at=clock.now()),
            }
            for right in found
        ],
        "notices": _notices(case),
        "system_tasks": system_states.tasks_of(case).select_related("system").order_by("system__code", "ordered_at"),
        "answers": case.letters.order_by("queued_at"),
        "documents": rights.documents(case).count(),
        **messages_shown(case),
        "objections": rights.objections_of(case).select_related("right"),
    }


def _notices(case: Request) -> list[dict[str, Any]]:
    """The notices of a case, each with how its recipient stands."""
    found = list(recipient_states.notices_of(case).select_related("third_party", "proof").order_by("queued_at"))
    states = proof_states.told(found, on=clock.today())
    return [{"notice": notice, "state": state} for notice, state in zip(found, states, strict=True)]
