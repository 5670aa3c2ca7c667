"""Data subjects in the console: pseudonymous rows, found by their reference, and findings of false identity (P1.8)."""

import hashlib
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from privacy.accounts.actors import actor_of
from privacy.ledger.actors import Actor
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.keyset_pagination import KeysetAdmin
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, ReadOnlyAdmin, button, run_action
from privacy.lib.dates import clock
from privacy.lib.display.badges import state_badge
from privacy.subjects import actions as subjects
from privacy.subjects.actions.contacts import RECORD, NoSuchContact
from privacy.subjects.forms import ContactChoiceForm, OfficeContactForm
from privacy.subjects.models import Contact, FalseIdentityFinding, Subject


class FindingForm(forms.Form):
    """What was found, and the evidence: its fingerprint is kept, the file stays where evidence is kept."""

    grounds = forms.CharField(
        label=_("Grounds"),
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What was found and how, without personal data."),
    )
    evidence = forms.CharField(
        label=_("SHA-256 of the evidence"),
        min_length=64,
        max_length=64,
        help_text=_("64 digits and letters from a to f."),
    )

    def clean_evidence(self) -> str:
        digest = str(self.cleaned_data["evidence"]).strip().lower()
        if len(digest) != hashlib.sha256().digest_size * 2 or not set(digest) <= set("0123456789abcdef"):
            raise forms.ValidationError(_("A SHA-256 consists of 64 digits and letters from a to f."), code="digest")
        return digest


@admin.register(Subject)
class SubjectAdmin(KeysetAdmin):
    explanation = _("People by pseudonymous reference. Their data is stored elsewhere, encrypted.")
    empty_hint = _("A person appears here when a gateway registers their first device.")
    list_display = ("reference", "state_shown", "registered_at", "service_ended_on", "ended_at", "destroyed_at")
    list_filter = ("state",)
    search_fields = ("reference__exact",)
    search_help_text = _("The whole reference, such as S-7F3K-92QX")
    fields = ("reference", "state_shown", "registered_at", "service_ended_on", "ended_at", "destroyed_at", "contacts")
    readonly_fields = ("state_shown", "contacts")
    actions = ("record_contact", "end_contact", "find_false_identity")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Subject], search_term: str
    ) -> tuple[QuerySet[Subject], bool]:
        """Find by the whole reference, by its index; never by a part (law S-28)."""
        wanted = search_term.strip().upper()
        return (queryset.filter(reference=wanted) if wanted else queryset), False

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, subject: Subject) -> SafeString:
        return state_badge(subject.state, subject.get_state_display())

    @admin.display(description=_("contacts"))
    def contacts(self, subject: Subject) -> str:
        """Show which contacts are used, never their values."""
        return ", ".join(_shown(row) for row in Contact.objects.current().of(subject.id).order_by("kind")) or "–"

    @button(description=_("Record a contact"), permission=RECORD, locations=CHANGE_FORM_ONLY)
    def record_contact(self, request: HttpRequest, queryset: QuerySet[Subject]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Record a contact"),
            verb=_("Record the contact"),
            consequences=[
                _("An earlier contact of this kind ends. If it is an e-mail address, we notify it."),
                _(
                    "We send a code to a new e-mail address. Until the address is verified, it "
                    "doesn't receive codes for copies."
                ),
            ],
            form_class=OfficeContactForm,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        for subject in queryset:
            verb = partial(
                subjects.record_contact,
                subject,
                **answers,
                source=Contact.Source.OFFICE,
                actor=actor_of(request),
                at=clock.now(),
            )
            run_action(self, request, verb, _("The contact has been recorded."), record=subject)
        return None

    @button(description=_("End a contact"), permission=RECORD, locations=CHANGE_FORM_ONLY)
    def end_contact(self, request: HttpRequest, queryset: QuerySet[Subject]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("End a contact"),
            verb=_("End the contact"),
            consequences=[
                _("We notify the contact once."),
                _("For a while, we still tell a verified address if the data is going to be destroyed."),
            ],
            form_class=ContactChoiceForm,
            dangerous=True,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        for subject in queryset:
            verb = partial(_end, subject, answers["kind"], actor=actor_of(request))
            run_action(self, request, verb, _("The contact has ended."), record=subject)
        return None

    @button(
        description=_("Record false identity"),
        permission="subjects.find_false_identity",
        locations=CHANGE_FORM_ONLY,
    )
    def find_false_identity(self, request: HttpRequest, queryset: QuerySet[Subject]) -> HttpResponse | None:
        answers = confirm_action(
            self,
            request,
            queryset,
            title=_("Record false identity"),
            verb=_("End the registration"),
            consequences=[
                _("The registration ends at once, and nothing more is collected for it."),
                _("The finding, its grounds and the digest of the evidence are kept."),
            ],
            form_class=FindingForm,
            dangerous=True,
        )
        if isinstance(answers, TemplateResponse):
            return answers
        for subject in queryset:
            run_action(
                self,
                request,
                partial(
                    subjects.find_false_identity,
                    subject,
                    grounds=answers["grounds"],
                    evidence_digest=answers["evidence"],
                    actor=actor_of(request),
                    at=clock.now(),
                ),
                _("The finding has been recorded and the registration has ended."),
                record=subject,
            )
        return None


def _end(subject: Subject, kind: str, *, actor: Actor) -> Contact:
    held = Contact.objects.current().of(subject.id).filter(kind=kind).first()
    if held is None:
        raise NoSuchContact(_("There is no contact of this kind."), pointer="/kind")
    return subjects.end_contact(held, actor=actor, at=clock.now())


def _shown(row: Contact) -> str:
    said = [row.get_kind_display()]
    if row.is_preferred:
        said.append(gettext("preferred"))
    if row.verified_at is not None:
        said.append(gettext("verified"))
    source = row.get_source_display()
    return f"{' · '.join(said)} ({source}{', ' + row.document if row.document else ''})"


@admin.register(FalseIdentityFinding)
class FalseIdentityFindingAdmin(ReadOnlyAdmin):
    explanation = _("Findings that someone else's identity was used to register. Each finding ended a registration.")
    empty_hint = _("A finding is recorded on the page of a data subject.")
    list_display: Any = ("person", "found_by", "found_at", "evidence_digest")
    list_select_related = ("subject",)
    fields = ("person", "grounds", "evidence_id", "evidence_digest", "found_by", "found_at")
    readonly_fields = ("person",)

    @admin.display(description=_("data subject"), ordering="subject")
    def person(self, finding: FalseIdentityFinding) -> str:
        return finding.subject.reference
