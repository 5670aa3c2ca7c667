"""The entries: what was done, seen and denied; read-only, paged by key, found by account, subject, task and time."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Collection
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format, get_format
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from privacy.ledger import actions as ledger
from privacy.ledger import opening_figures, register
from privacy.ledger.admin.filters import (
    AccountFilter,
    EntryChangeList,
    KindFilter,
    RecordFilter,
    SinceFilter,
    SubjectFilter,
    TaskFilter,
    UntilFilter,
    request_actor,
)
from privacy.ledger.checkpoints import accepted_times, external_checkpoints
from privacy.ledger.entries import record_words, task_labels
from privacy.ledger.entries.fact_labels import fact_label, fact_text
from privacy.ledger.entries.payloads import parse_payload
from privacy.ledger.events import Event
from privacy.ledger.exports import log_proofs
from privacy.ledger.integrity import adoptions
from privacy.ledger.merkle import log_reader
from privacy.ledger.models import AccessRecord, Checkpoint, Entry, Leaf, Tree
from privacy.lib.console.confirm_action import confirm_action
from privacy.lib.console.keyset_pagination import KeysetAdmin
from privacy.lib.console.read_only_admin import CHANGE_FORM_ONLY, EstimatingPaginator, button, run_action
from privacy.lib.dates import clock
from privacy.lib.display.badges import badge
from privacy.lib.errors.refusals import Refusal

MAX_SUBJECTS_SHOWN = 3
# After so long an entry that waits for its seal waits for a sealer that is not there.
SEALING_TIME = timedelta(minutes=1)
# What a list shows of a long reference.
REFERENCE_PREFIX = 8


class EntryPaginator(EstimatingPaginator):
    """Never counts the trail: what was sealed tells about how large it is, a filtered list says up to ``exact``."""

    exact = 500

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        assert isinstance(rows, QuerySet)
        capped = rows.order_by()[: self.exact + 1].count()
        if capped <= self.exact:
            return capped
        if rows.query.where:
            self.is_capped = True
            return capped
        # What waits for its seal is not in the tree, and what was pruned still is.
        self.is_estimate = True
        return Tree.objects.order_by("-size").values_list("size", flat=True).first() or capped


class EntryListAdmin(KeysetAdmin):
    """What both registers of entries share."""

    keyset = ("id",)
    paginator = EntryPaginator
    list_display_links = ("number",)
    account_fields = ("actor",)
    ordering = ("-id",)
    change_list_template = "admin/ledger/trail_change_list.html"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[EntryChangeList]:
        return EntryChangeList

    @admin.display(description=_("number"))
    def number(self, entry: Entry) -> SafeString:
        return format_html('<span class="figures">{}</span>', entry.id)

    @admin.display(description=_("time"))
    def moment(self, entry: Entry) -> str:
        """To the second, as the law wants an access record (S-01)."""
        return date_format(localtime(entry.time), f"{get_format('DATETIME_FORMAT')}:s")

    @admin.display(description=_("what"))
    def what(self, entry: Entry) -> SafeString:
        return render_to_string("admin/ledger/word.html", {"word": entry.word, "kind": entry.kind})

    @admin.display(description=_("account"))
    def account(self, entry: Entry) -> SafeString:
        name = self._name("account", entry.actor) if entry.actor.startswith("U-") else ""
        return render_to_string("admin/ledger/account.html", {"ref": entry.actor, "name": name})

    @admin.display(description=_("data subjects"))
    def handled(self, entry: Entry) -> SafeString | str:
        """Whose data it was (S-01): an entry of more than 200 people holds their number and the list's digest only.

        A list shows the beginning of a reference, which leads to all entries about that person; a page shows it whole.
        """
        said = _payload(entry)
        subjects = [str(subject) for subject in said.get("subjects", [])]
        if not subjects:
            return str(said.get("count", "–"))
        shown = format_html_join(
            ", ",
            '<a class="reference" href="?subject={}" title="{}">{}</a>',
            ((subject, subject, _short(subject)) for subject in subjects[:MAX_SUBJECTS_SHOWN]),
        )
        more = len(subjects) - MAX_SUBJECTS_SHOWN
        return format_html("{} +{}", shown, more) if more > 0 else shown

    @admin.display(description=_("task"))
    def doing(self, entry: Entry) -> SafeString | str:
        """The task in words; its code, by which the list is narrowed, stands behind them."""
        if not entry.task:
            return "–"
        address = f"{reverse('admin:ledger_entry_changelist')}?task={quote(entry.task)}"
        return format_html('<a href="{}" title="{}">{}</a>', address, entry.task, task_labels.task_label(entry.task))

    @admin.display(description=_("place of access"))
    def place(self, entry: Entry) -> str:
        return str(_payload(entry).get("from", "–"))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("ledger.view_entry"))


@admin.register(Entry)
class EntryAdmin(EntryListAdmin):
    explanation = _(
        "Everything that was done, viewed or denied, in the order it was recorded. Accounts, people and records "
        "appear only by reference. To narrow the list, enter an exact account, person, record or day."
    )
    empty_hint = _("Every action writes an entry automatically. None matches these filters.")
    list_display = ("number", "moment", "account", "what", "handled", "purpose", "doing", "place")
    list_filter = (AccountFilter, SubjectFilter, RecordFilter, TaskFilter, KindFilter, SinceFilter, UntilFilter)
    fields = (
        "told",
        "moment",
        "account",
        "what",
        "doing",
        "purpose",
        "reason",
        "result",
        "everybody",
        "record",
        "place",
        "door",
        "facts",
        "sealed",
        "stored",
    )
    readonly_fields = fields
    actions = ("confirm_adoption", "accept_refusal")
    change_form_template = "admin/ledger/entry/change_form.html"

    def buttons_for(self, record: Entry) -> Collection[str]:
        if record.word == Event.NOTARY_REFUSED and accepted_times.refused_times(record.payload, record.id):
            return ["accept_refusal"]
        waits = record.word == Event.REGISTERS_ADOPTED and adoptions.waits_for_confirmation(record.id)
        return ["confirm_adoption"] if waits else []

    @button(description=_("Confirm"), permission="ledger.confirm_adoption", locations=CHANGE_FORM_ONLY)
    def confirm_adoption(self, request: HttpRequest, queryset: QuerySet[Entry]) -> HttpResponse | None:
        consequences = [
            _("You confirm that you know why."),
            _("Changes made to these registers outside the portal before this entry are no longer reported."),
        ]
        title = _("Confirm that the registers were recorded again")
        return self._settle(
            request, queryset, ledger.confirm_adoption, title, _("Confirm"), consequences, done=_("Confirmed.")
        )

    @button(description=_("Accept the times"), permission="ledger.accept_refusal", locations=CHANGE_FORM_ONLY)
    def accept_refusal(self, request: HttpRequest, queryset: QuerySet[Entry]) -> HttpResponse | None:
        consequences = [
            _("You confirm that you know why the clock was wrong."),
            _("When two officers have accepted, the notary's operator can let it sign again."),
            _("Every verification will list these entries permanently."),
        ]
        title = _("Accept the entry times that the notary refused")
        return self._settle(
            request, queryset, ledger.accept_refusal, title, _("Accept the times"), consequences, done=_("Accepted.")
        )

    def _settle(
        self, request: HttpRequest, queryset: QuerySet[Entry], action: Callable[..., object], title: object,
        verb: object, consequences: list[Any], *, done: Any,
    ) -> HttpResponse | None:  # fmt: skip
        """Have an entry settled by this officer, once its consequences were read."""
        answers = confirm_action(self, request, queryset, title=title, verb=verb, consequences=consequences)
        if isinstance(answers, HttpResponse):
            return answers
        for entry in queryset:
            run_action(self, request, partial(action, entry=entry, actor=request_actor(request), at=clock.now()), done)
        return None

    @admin.display(description=_("in a sentence"))
    def told(self, entry: Entry) -> SafeString:
        """Who did what, when, whose data it was and why: what the fields below say one by one."""
        said = _payload(entry)
        subjects = [str(subject) for subject in said.get("subjects", [])]
        given = str(said.get("reason", ""))
        context = {
            "ref": entry.actor,
            "word": entry.word,
            "denied": entry.kind == "denied",
            "when": self.moment(entry),
            "task": task_labels.task_label(entry.task) if entry.task else "",
            "asked": task_labels.task_label(entry.task) if entry.task else entry.word,
            "whom": subjects[0] if subjects else "",
            "people": len(subjects) or said.get("count", 0),
            "purpose": entry.purpose,
            "reason": "" if record_words.is_rule(given) else given,
        }
        return render_to_string("admin/ledger/entry/sentence.html", context)

    @admin.display(description=_("data subjects"))
    def everybody(self, entry: Entry) -> str:
        return register.handled_subjects(entry) or "–"

    @admin.display(description=_("reason"))
    def reason(self, entry: Entry) -> str:
        return str(_payload(entry).get("reason", "–"))

    @admin.display(description=_("result"))
    def result(self, entry: Entry) -> SafeString:
        denied = entry.kind == "denied"
        return badge(_("denied"), "denied") if denied else badge(_("done"), "good")

    @admin.display(description=_("record"))
    def record(self, entry: Entry) -> SafeString | str:
        if not entry.about:
            return "–"
        address = f"{reverse('admin:ledger_entry_changelist')}?record={quote(entry.about, safe=':')}"
        return format_html('<a href="{}">{}</a>', address, entry.about)

    @admin.display(description=_("access channel and request"))
    def door(self, entry: Entry) -> str:
        said = _payload(entry)
        return f"{said.get('door', '–')} · {said.get('request', '–')}"

    @admin.display(description=_("facts"))
    def facts(self, entry: Entry) -> SafeString | str:
        facts = _payload(entry).get("facts")
        if not facts:
            return "–"
        rows = format_html_join(
            "", "<div><dt>{}</dt><dd>{}</dd></div>", ((capfirst(fact_label(n)), fact_text(v)) for n, v in facts.items())
        )
        return format_html('<dl class="facts">{}</dl>', rows)

    @admin.display(description=_("sealed"))
    def sealed(self, entry: Entry) -> SafeString:
        leaf = Leaf.objects.filter(entry_id=entry.id).first()
        if leaf is None:
            late = clock.now() - entry.time > SEALING_TIME
            said = (
                _("The sealer isn't running, or can't keep up.") if late else _("It is sealed within a second or two.")
            )
            return format_html("{} {}", badge(_("waiting"), "late" if late else "wait"), said)
        signed = Checkpoint.objects.filter(size__gt=leaf.index).order_by("size").first()
        word = badge(_("signed"), "good") if signed else badge(_("sealed"), "active")
        return format_html(
            '{} {} <span class="figures">{}</span><br><code>{}</code>',
            word, _("index"), leaf.index, bytes(leaf.hash).hex(),
        )  # fmt: skip

    @admin.display(description=_("as it is stored and hashed"))
    def stored(self, entry: Entry) -> SafeString:
        return format_html("<details><summary>{}</summary><pre>{}</pre></details>", _("Show it"), entry.payload)

    def get_urls(self) -> list[URLPattern]:
        proof = path(
            "<path:object_id>/proof/",
            self.page(self.proof_view, needs="ledger.export_trail"),
            name="ledger_entry_proof",
        )
        return [proof, *super().get_urls()]

    def proof_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send a zip with the entry, its tlog-proof and how to check them; that it was sent is on record first."""
        entry = self.get_object(request, object_id)
        if entry is None:
            return HttpResponseRedirect(reverse("admin:ledger_entry_changelist"))
        try:
            with log_reader.connect() as connection:
                proof = log_proofs.prove(connection, entry.id)
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(reverse("admin:ledger_entry_change", args=[entry.id]))
        ledger.record_before(
            Event.PROOF_ISSUED,
            actor=request_actor(request),
            at=None,
            about=("ledger.entry", entry.id),
            task="ledger.prove",
        )
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{entry.id}.tlog-proof", proof.text)
            archive.writestr(f"{entry.id}.entry", proof.entry)
            archive.writestr(
                "README.txt",
                render_to_string(
                    "ledger/proof_readme.txt", {"entry": entry.id, "vkeys": external_checkpoints.pinned_keys()}
                ),
            )
        response = HttpResponse(packed.getvalue(), content_type="application/zip")
        response.headers["Content-Disposition"] = f'attachment; filename="entry-{entry.id}.zip"'
        return response


@admin.register(AccessRecord)
class AccessRecordAdmin(EntryListAdmin):
    """Who opened whose data, when, from where, for which task and purpose: the access record of the law (S-01)."""

    explanation = _(
        "Who opened personal data: account, time, place, the people whose data it was, task and purpose. There is "
        "one line for each page, response, search, export or print, written before the data was shown."
    )
    empty_hint = _("A line is recorded here before personal data is shown; none matches these filters.")
    list_display = ("number", "moment", "account", "doing", "handled", "purpose", "place")
    list_filter = (AccountFilter, SubjectFilter, TaskFilter, SinceFilter, UntilFilter)
    change_list_template = "admin/ledger/access_change_list.html"

    def get_urls(self) -> list[URLPattern]:
        figures = path("figures/", self.page(self.figures_view), name="ledger_accessrecord_figures")
        return [figures, *super().get_urls()]

    def figures_view(self, request: HttpRequest) -> HttpResponse:
        """Draw the openings of the last days by purpose and by account."""
        asked = request.GET.get("days", "")
        days = next((period for period in opening_figures.PERIODS if str(period) == asked), opening_figures.PERIODS[0])
        context = {
            **self.admin_site.each_context(request),
            "title": _("Openings by purpose and account"),
            "opts": self.opts,
            "explanation": _(
                "How often personal data was opened. An account stands out if it opened far more than the others did; "
                "that is a question, not a finding."
            ),
            "periods": opening_figures.PERIODS,
            "days": days,
            "pictures": opening_figures.pictures(clock.now(), days=days),
        }
        return TemplateResponse(request, "admin/figures.html", context)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:ledger_entry_change", args=[object_id]))


def _short(reference: str) -> str:
    return reference if len(reference) <= 2 * REFERENCE_PREFIX else f"{reference[:REFERENCE_PREFIX]}…"


def _payload(entry: Entry) -> dict[str, Any]:
    """Return what an entry says; nothing of one that can't be read, whose page shows it as it is stored."""
    try:
        return parse_payload(entry.payload)
    except ValueError:
        return {}
