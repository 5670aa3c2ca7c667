"""Objections, answers to people, and access packages in the console."""

from functools import partial

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.console.second_person_step import SecondPersonStep
from privacy.lib.dates import clock
from privacy.lib.display.badges import due_badge, state_badge
from privacy.lib.integrations import text_messages
from privacy.rights import actions as rights
from privacy.rights import status_page
from privacy.rights.admin.case_actions import CARRY_OUT
from privacy.rights.admin.document_files import documents_file
from privacy.rights.admin.forms import ObjectionDecisionForm, UnreadObjectionForm
from privacy.rights.admin.postponements import DECIDE, Answer
from privacy.rights.models import Letter, Objection, Package


@admin.register(Objection)
class ObjectionAdmin(ReadOnlyAdmin):
    explanation = _("Requesters who disagree with a decision. Someone other than the person who decided reviews it.")
    empty_hint = _("An objection appears here when a requester sends one from the status page.")
    list_display = ("case", "right_shown", "outcome_shown", "due_shown", "decider", "reviewer")
    list_filter = ("outcome",)
    list_select_related = ("right__request",)
    fields = (
        "case", "right_shown", ("decider", "decided_on"), ("received_at", "due_shown"), "documents",
        ("outcome_shown", "reviewer", "reviewed_at"),
    )  # fmt: skip
    readonly_fields = ("case", "right_shown", "due_shown", "outcome_shown")
    second_person = SecondPersonStep(
        "rights.decide_objection", lambda record: record.outcome == Objection.Outcome.PENDING, button="decide"
    )
    actions = ("show_evidence", "decide")

    def buttons_for(self, record: Objection) -> list[str]:
        pending = record.outcome == Objection.Outcome.PENDING
        return [*(["show_evidence"] if rights.evidence_of(record).exists() else []), *(["decide"] if pending else [])]

    @admin.display(description=_("case"))
    def case(self, objection: Objection) -> str:
        return objection.right.request.number

    @admin.display(description=_("right"))
    def right_shown(self, objection: Objection) -> str:
        return str(objection.right.get_kind_display())

    @admin.display(description=_("outcome"), ordering="outcome")
    def outcome_shown(self, objection: Objection) -> SafeString:
        return state_badge(objection.outcome, objection.get_outcome_display())

    @admin.display(description=_("target"), ordering="target_on")
    def due_shown(self, objection: Objection) -> SafeString:
        return due_badge(objection.target_on, clock.today(), settled=objection.outcome != Objection.Outcome.PENDING)

    @button(description=_("Open the documents"), permission="rights.decide_objection", locations=CHANGE_FORM_ONLY)
    def show_evidence(self, request: HttpRequest, queryset: QuerySet[Objection]) -> Answer:
        """Hand out what came with the objection, on record."""
        objection, opened = queryset.get(), list[rights.OpenedDocument]()

        def verb() -> None:
            opened.extend(rights.open_evidence(objection, actor=actor_of(request), at=clock.now()))

        if not run_action(self, request, verb, _("What you opened was recorded.")):
            return None
        return documents_file(opened, name=objection.right.request.number)

    @button(description=_("Decide the objection"), permission="rights.decide_objection", locations=CHANGE_FORM_ONLY)
    def decide(self, request: HttpRequest, queryset: QuerySet[Objection]) -> Answer:
        """Open the statement once, on record, when the button is pressed; deciding opens nothing again."""
        objection, actor = queryset.get(), actor_of(request)
        form_class = UnreadObjectionForm if rights.unread_evidence(objection, by=actor.ref) else ObjectionDecisionForm
        said = now_("What the requester wrote is not shown again, because that would be recorded as another opening.")
        if "confirmed" not in request.POST:
            statement: list[str] = []
            if not run_action(
                self,
                request,
                lambda: statement.append(_read(objection, request)),
                _("The objection was opened, and this was recorded."),
                level=messages.INFO,
            ):
                return None
            said = now_("The requester wrote: %(statement)s") % {"statement": statement[0]}
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Decide the objection"),
            verb=_("Decide"),
            consequences=[
                said,
                _("If an objection is upheld, the right is reopened for a new decision."),
                _("The requester is told the result."),
            ],
            form_class=form_class,
            outgoing=lambda answers: rights.preview_objection(
                objection, outcome=answers["outcome"], explanation=answers["explanation"], actor=actor, at=clock.now()
            ),
        )
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(rights.decide_objection, objection, actor=actor, at=clock.now(), **answers)
        run_action(self, request, verb, _("The objection has been decided."))
        return None


def _read(objection: Objection, request: HttpRequest) -> str:
    """Open the statement, once what came with it was opened: nothing is written for a decision that can't be taken."""
    rights.must_have_read_evidence(objection, actor=actor_of(request), at=clock.now())
    return rights.read_objection(objection, actor=actor_of(request), at=clock.now())


@admin.register(Letter)
class LetterAdmin(ReadOnlyAdmin):
    explanation = _(
        "Every answer to a requester: sent by e-mail, shown on the status page, announced by text message, or waiting "
        "to be posted."
    )
    empty_hint = _("An answer appears here when a case reaches a step that the requester must be told about.")
    list_display = ("reference", "request", "kind", "state_shown", "queued_at", "sent_at", "trouble")
    list_filter = ("state", "kind")
    list_select_related = ("request",)
    fields = (
        "reference",
        "request",
        "kind",
        "state_shown",
        "queued_at",
        ("sent_at", "sent_by"),
        "message_id",
        "trouble",
    )
    readonly_fields = ("state_shown",)
    actions = ("print_letter", "posted", "bounced")

    def buttons_for(self, record: Letter) -> list[str]:
        waits = record.state in Letter.TO_BE_POSTED
        went = record.state in Letter.WENT_OUT
        return ["print_letter", *(["posted"] if waits else []), *(["bounced"] if went else [])]

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, letter: Letter) -> SafeString:
        return state_badge(letter.state, letter.get_state_display())

    @button(description=_("Print (PDF)"), permission="rights.open_particulars", locations=CHANGE_FORM_ONLY)
    def print_letter(self, request: HttpRequest, queryset: QuerySet[Letter]) -> Answer:
        letter = queryset.get()
        made: list[bytes] = []

        def verb() -> None:
            language = letter.request.language
            made.append(status_page.letter_pdf(letter, language=language, actor=actor_of(request), at=clock.now()))

        if not run_action(self, request, verb, _("The letter was opened, and this was recorded.")):
            return None
        response = HttpResponse(made[0], content_type="application/pdf")
        response.headers["Content-Disposition"] = f'attachment; filename="{letter.reference}.pdf"'
        return response

    @button(description=_("Mark as posted"), permission=DECIDE, locations=CHANGE_FORM_ONLY)
    def posted(self, request: HttpRequest, queryset: QuerySet[Letter]) -> Answer:
        verb = partial(rights.mark_letter_posted, queryset.get(), actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("The letter has been marked as posted."))
        return None

    @button(description=_("It was returned"), permission=DECIDE, locations=CHANGE_FORM_ONLY)
    def bounced(self, request: HttpRequest, queryset: QuerySet[Letter]) -> Answer:
        letter = queryset.get()
        verb = partial(rights.mark_letter_bounced, letter, actor=actor_of(request), at=clock.now())
        done = _("This answer needs your attention: print and post it, or call.")
        if letter.state == Letter.State.SENT and text_messages.are_sent():
            done = _("Where the case gives a mobile number, a text message announces the answer. Otherwise post it.")
        run_action(self, request, verb, done)
        return None


def _may_take_another(package: Package) -> bool:
    """Whether another person may have to hand out the code: no device confirms, or a colleague recorded the request.

    A mailbox is not looked for here, which would open it.
    """
    case = package.right.request
    return bool(case.received_by) or not rights.has_device(case)


@admin.register(Package)
class PackageAdmin(ReadOnlyAdmin):
    explanation = _(
        "Copies for people whose access was granted. Each can be downloaded once, after a second proof of identity."
    )
    empty_hint = _("A package appears here when an access is carried out.")
    list_display = ("case", "file_bytes", "built_at", "expires_at", "downloaded_at", "removed_at")
    list_select_related = ("right__request",)
    fields = (
        "case",
        ("file_bytes", "file_digest"),
        ("built_at", "expires_at"),
        ("downloaded_at", "removed_at"),
        "contents",
    )
    readonly_fields = ("case",)
    second_person = SecondPersonStep(CARRY_OUT, _may_take_another, is_chain=True)
    actions = ("send_code", "issue_code")

    @admin.display(description=_("case"))
    def case(self, package: Package) -> str:
        return package.right.request.number

    @button(description=_("Send the pick-up code"), permission=CARRY_OUT, locations=CHANGE_FORM_ONLY, step_up=True)
    def send_code(self, request: HttpRequest, queryset: QuerySet[Package]) -> Answer:
        verb = partial(rights.send_pickup_code, queryset.get(), actor=actor_of(request), at=clock.now())
        said = _("The code goes to the person by e-mail or text message. Nobody here sees it.")
        run_action(self, request, verb, said)
        return None

    @button(description=_("Issue a pick-up code"), permission=CARRY_OUT, locations=CHANGE_FORM_ONLY, step_up=True)
    def issue_code(self, request: HttpRequest, queryset: QuerySet[Package]) -> Answer:
        made: list[str] = []
        package = queryset.get()
        verb = lambda: made.append(rights.issue_pickup_code(package, actor=actor_of(request), at=clock.now()))  # noqa: E731
        if run_action(self, request, verb, _("A new code was issued. Earlier codes no longer work.")):
            context = {
                **self.admin_site.each_context(request),
                "title": _("Pick-up code"),
                "opts": self.opts,
                "record": package,
                "how": _("It is shown only once. Give it to the requester by telephone, in person or by letter."),
                "secret": made[0],
            }
            return TemplateResponse(request, "admin/disclosures/once.html", context)
        return None
