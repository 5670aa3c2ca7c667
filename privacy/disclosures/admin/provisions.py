"""Disclosures: asked for, approved by another person, provided once as an encrypted file."""

import base64
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from privacy.accounts.actors import actor_of
from privacy.disclosures import actions as disclosures
from privacy.disclosures import item_values
from privacy.disclosures.admin import approval_summary
from privacy.disclosures.admin.forms import ApprovalForm, DisclosureForm, ReasonForm, ScanForm
from privacy.disclosures.admin.request_steps import DisclosureRequestSteps
from privacy.disclosures.models import Disclosure, Notice, ThirdParty
from privacy.lib.console.admin_add import make_or_refuse
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.console.second_person_step import SecondPersonStep
from privacy.lib.dates import clock
from privacy.lib.display import display_names
from privacy.lib.display.badges import state_badge
from privacy.lib.documents import upload_validation
from privacy.lib.http.downloads import attachment

# How many items the page of a disclosure names; it says how many more there are.
MAX_ROWS = 200
REQUEST, APPROVE, PROVIDE = (
    "disclosures.request_disclosure", "disclosures.approve_disclosure", "disclosures.provide_disclosure",
)  # fmt: skip


@admin.register(Disclosure)
class DisclosureAdmin(ReadOnlyAdmin):
    explanation = _("What was provided to whom, why, and on what basis. A second person approves each disclosure.")
    empty_hint = _("Request a disclosure. Another person must approve it.")
    list_display = ("reference", "third_party", "basis", "state_shown", "items_shown", "requested_at", "provided_on")
    list_filter = ("state", "basis", "third_party")
    list_select_related = ("third_party",)
    fields = (
        ("reference", "state_shown"), "third_party", ("basis", "statute", "document_no", "agreement"), "scan_digest",
        "official", "reason", "relation", "extent", ("permit_no", "record_class"), ("urgent", "document_due_on"),
        ("purpose", "purpose_code"), "items_shown", ("form_shown", "period"), "restrictions", "terminal_number_ground",
        ("requested_by", "requested_at"), ("approved_by", "approved_at"),
        ("refused_by", "refused_at", "refusal_reason"), ("provided_by", "provided_at"), ("file_digest", "file_bytes"),
    )  # fmt: skip
    readonly_fields = ("state_shown", "items_shown", "form_shown")
    second_person = SecondPersonStep(
        "disclosures.approve_disclosure", lambda record: record.state == Disclosure.State.REQUESTED
    )
    actions = ("attach_scan", "read_scan", "approve", "refuse", "provide", "fetch_again", "show_passphrase")
    change_list_template = "admin/disclosures/disclosure/change_list.html"
    change_form_template = "admin/disclosures/disclosure/change_form.html"

    def buttons_for(self, record: Disclosure) -> tuple[str, ...]:
        return {
            Disclosure.State.REQUESTED: ("approve", "refuse", "attach_scan"),
            Disclosure.State.APPROVED: ("provide", "refuse"),
            Disclosure.State.PROVIDED: ("fetch_again", "show_passphrase"),
        }.get(Disclosure.State(record.state), ()) + (("read_scan",) if record.scan_id else self._late(record))

    def _late(self, record: Disclosure) -> tuple[str, ...]:
        """An urgent request's document may come after the decision."""
        decided = {Disclosure.State.APPROVED, Disclosure.State.PROVIDED}
        return ("attach_scan",) if record.urgent and record.state in decided else ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Disclosure]:
        """Disclosures to investigative agencies are for the few who handle them (law P-12)."""
        found: QuerySet[Disclosure] = super().get_queryset(request).prefetch_related("disclosed")
        if actor_of(request).may("disclosures.see_investigations"):
            return found
        return found.exclude(third_party__kind=ThirdParty.Kind.INVESTIGATOR)

    @admin.display(description=_("form"))
    def form_shown(self, disclosure: Disclosure) -> str:
        return disclosure.form_shown

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, disclosure: Disclosure) -> SafeString:
        return state_badge(disclosure.state, disclosure.get_state_display())

    @admin.display(description=_("items"))
    def items_shown(self, disclosure: Disclosure) -> str:
        disclosed = list(disclosure.disclosed.all())
        items = ", ".join(sorted({display_names.display_name("item", one.item, on=clock.today()) for one in disclosed}))
        people = len({one.subject_id for one in disclosed})
        said = ngettext("%(items)s of %(people)d person", "%(items)s of %(people)d people", people)
        return said % {"items": items, "people": people}

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        disclosure = self.get_object(request, object_id)
        more: dict[str, Any] = {}
        if disclosure is not None:
            disclosed = list(disclosure.disclosed.order_by("subject_id", "category", "item")[:MAX_ROWS])
            called = item_values.references_of({one.subject_id for one in disclosed})
            is_provided = disclosure.state == Disclosure.State.PROVIDED
            more["disclosed"] = [
                {
                    "person": called[one.subject_id],
                    "category": one.category,
                    "item": one.item,
                    "consent": one.consent,
                    "not_held": is_provided and one.value_digest is None,
                }
                for one in disclosed
            ]
            more["not_shown"] = disclosure.disclosed.count() - len(disclosed)
            more["notices"] = Notice.objects.filter(
                third_party=disclosure.third_party, disclosures__contains=[disclosure.reference]
            )
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    @button(description=_("Approve"), permission=APPROVE, locations=CHANGE_FORM_ONLY, step_up=True)
    def approve(self, request: HttpRequest, queryset: QuerySet[Disclosure]) -> HttpResponse | None:
        disclosure = queryset.get()
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Approve"),
            verb=_("Approve"),
            consequences=[
                now_("%(recipient)s may receive %(items)s for this purpose: %(purpose)s.")
                % {
                    "items": self.items_shown(disclosure),
                    "recipient": disclosure.third_party.title,
                    "purpose": disclosure.purpose,
                },
                *approval_summary.summary_lines(disclosure, reader=actor_of(request)),
                _("You can't approve your own request."),
            ],
            form_class=ApprovalForm,
            initial={"seen": disclosures.approval_digest(disclosure)},
        )
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(disclosures.approve, disclosure, **answers, actor=actor_of(request), at=clock.now())
        run_action(self, request, verb, _("Approved."))
        return None

    @button(description=_("Attach the scan"), permission=REQUEST, locations=CHANGE_FORM_ONLY)
    def attach_scan(self, request: HttpRequest, queryset: QuerySet[Disclosure]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Attach the scan"),
            verb=_("Attach"),
            consequences=[_("It is encrypted, and the approver will read it. A new scan replaces the earlier one.")],
            form_class=ScanForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        scan = answers["scan"]
        verb = partial(
            disclosures.attach_scan, queryset.get(), name=scan.name or "", content=scan.read(),
            actor=actor_of(request), at=clock.now(),
        )  # fmt: skip
        run_action(self, request, verb, _("The scan has been attached."))
        return None

    @button(description=_("Read the scan"), permission=APPROVE, locations=CHANGE_FORM_ONLY)
    def read_scan(self, request: HttpRequest, queryset: QuerySet[Disclosure]) -> HttpResponse | None:
        disclosure = queryset.get()
        opened: list[disclosures.Scan] = []
        verb = lambda: opened.append(disclosures.open_scan(disclosure, actor=actor_of(request), at=clock.now()))  # noqa: E731
        if not run_action(self, request, verb, _("The document was opened, and this was recorded.")):
            return None
        scan = opened[0]
        name = f"{disclosure.reference}.{upload_validation.EXTENSIONS[scan.media_type]}"
        return attachment(scan.content, media_type=scan.media_type, name=name)

    @button(description=_("Refuse"), permission=APPROVE, locations=CHANGE_FORM_ONLY)
    def refuse(self, request: HttpRequest, queryset: QuerySet[Disclosure]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Refuse"),
            verb=_("Refuse"),
            consequences=[_("Nothing is provided.")],
            form_class=ReasonForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        verb = partial(
            disclosures.refuse, queryset.get(), reason=answers["reason"], actor=actor_of(request), at=clock.now()
        )
        run_action(self, request, verb, _("Refused."))
        return None

    @button(description=_("Provide"), permission=PROVIDE, locations=CHANGE_FORM_ONLY, step_up=True)
    def provide(self, request: HttpRequest, queryset: QuerySet[Disclosure]) -> HttpResponse | None:
        disclosure = queryset.get()
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Provide"),
            verb=_("Create the encrypted file"),
            consequences=[
                _("Personal data is opened and put into an encrypted file for the recipient."),
                _(
                    "The file is on the next page. You can download it again for an hour. Send its passphrase "
                    "separately: see “Show the passphrase”."
                ),
                _("We keep a digest of each value so that a later correction reaches this recipient."),
            ],
        )
        if isinstance(answers, TemplateResponse):
            return answers
        return self._handed_over(request, disclosure, disclosures.provide, _("Provided."))

    @button(description=_("Download the file again"), permission=PROVIDE, locations=CHANGE_FORM_ONLY, step_up=True)
    def fetch_again(self, request: HttpRequest, queryset: QuerySet[Disclosure]) -> HttpResponse | None:
        return self._handed_over(
            request, queryset.get(), disclosures.fetch_again, _("Downloaded again. This was recorded.")
        )

    def _handed_over(
        self, request: HttpRequest, disclosure: Disclosure, provide: Callable[..., disclosures.ProvidedFile], said: Any
    ) -> HttpResponse | None:
        made: list[disclosures.ProvidedFile] = []
        verb = lambda: made.append(provide(disclosure, actor=actor_of(request), at=clock.now()))  # noqa: E731
        if not run_action(self, request, verb, said):
            return None
        # A page in place of the one with the button: the file is in it, and nowhere else.
        context = {
            **self.admin_site.each_context(request),
            "title": _("Provided"),
            "opts": self.opts,
            "record": disclosure,
            "made": made[0],
            "file": base64.b64encode(made[0].file).decode(),
        }
        response = TemplateResponse(request, "admin/disclosures/disclosure/handed_over.html", context)
        response.headers["Cache-Control"] = "no-store"
        return response

    @button(description=_("Show the passphrase"), permission=PROVIDE, locations=CHANGE_FORM_ONLY, step_up=True)
    def show_passphrase(self, request: HttpRequest, queryset: QuerySet[Disclosure]) -> HttpResponse | None:
        disclosure = queryset.get()
        shown: list[str] = []
        verb = lambda: shown.append(disclosures.show_passphrase(disclosure, actor=actor_of(request), at=clock.now()))  # noqa: E731
        if not run_action(self, request, verb, _("The passphrase was shown, and this was recorded.")):
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _("File passphrase"),
            "opts": self.opts,
            "record": disclosure,
            "how": _("Send it separately from the file: by telephone, by letter or to a different e-mail address."),
            "secret": shown[0],
        }
        return TemplateResponse(request, "admin/disclosures/once.html", context)

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "ask/",
                self.page(self.ask_for, needs="disclosures.request_disclosure"),
                name="disclosures_disclosure_ask",
            ),
            *super().get_urls(),
        ]

    def ask_for(self, request: HttpRequest) -> HttpResponse:
        """Ask for a disclosure."""
        form = DisclosureForm(request.POST or None, on=clock.today())
        go = request.POST.get("go", "")
        steps = DisclosureRequestSteps(form, at=request.POST.get("at", ""), go=go)
        if request.method == "POST" and not go and form.is_valid():
            authority = form.authority()
            apart = {"records", "items", *asdict(authority)}
            given = {name: value for name, value in form.cleaned_data.items() if name not in apart}
            made = make_or_refuse(
                form,
                lambda: disclosures.request(
                    items=form.wanted(), authority=authority, actor=actor_of(request), at=clock.now(), **given
                ),
            )
            if made is not None:
                messages.success(request, now_("Requested. Another person must approve it."))
                return HttpResponseRedirect(reverse("admin:disclosures_disclosure_change", args=[made.pk]))
        if request.method == "POST" and not go:
            steps.go_to_errors()
        context = {
            **self.admin_site.each_context(request),
            "title": _("Request a disclosure"),
            "opts": self.opts,
            "explanation": _(
                "It can be provided only after another person approves it. Frozen information is not provided."
            ),
            "form": form,
            "steps": steps,
            "verb": _("Request the disclosure"),
        }
        return TemplateResponse(request, "admin/form_steps.html", context)
