"""The state of sealing and anchoring, «verify now», and bundles for download."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from privacy.ledger import actions as ledger
from privacy.ledger.actions import scrubs
from privacy.ledger.admin.filters import parse_midnight, request_actor
from privacy.ledger.checkpoints import external_checkpoints
from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.events import Event
from privacy.ledger.exports import log_bundles
from privacy.ledger.integrity import append_only, registers, verification
from privacy.ledger.merkle import log_reader
from privacy.ledger.models import Anchor, Checkpoint, Entry, Leaf, Scrub, Tree
from privacy.lib.console.keyset_pagination import KeysetAdmin
from privacy.lib.dates import clock
from privacy.lib.dates.form_fields import BoundedDateField
from privacy.lib.errors.refusals import Refusal
from privacy.lib.http import step_up_authentication

# As many entries are hashed while somebody waits for the page; the nightly scrub hashes all.
MAX_VERIFIED_IN_REQUEST = 100_000
LATE_AFTER = timedelta(minutes=2)
# So many entries that wait to be sealed are counted; beyond, the page says "more than".
MAX_WAITING_COUNTED = 1_000


class BundleForm(forms.Form):
    """Which days, and why: an export without a reason isn't made (law S-05)."""

    since = BoundedDateField(label=_("From day"), required=False)
    until = BoundedDateField(label=_("Until day"), required=False)
    reason = forms.CharField(label=_("Reason"), min_length=5, max_length=300, help_text=_("This is recorded."))

    def clean(self) -> dict[str, Any]:
        """Ask for days in their order."""
        given = super().clean() or {}
        since, until = given.get("since"), given.get("until")
        if since and until and until < since:
            self.add_error("until", _("The last day is before the first."))
        return given


@admin.register(Checkpoint)
class CheckpointAdmin(KeysetAdmin):
    explanation = _(
        "New entries are sealed into a hash tree every second. The notary, a separate process with its own key, "
        "re-hashes them, signs the tree's head and stores it where the database's administrator can't reach it."
    )
    empty_hint = _("The notary signs the first checkpoint a few seconds after the first entry.")
    keyset = ("size",)
    list_display = ("size", "signed_at", "places")
    fields = ("size", "signed_at", "places", "signed_note")
    readonly_fields = fields
    change_list_template = "admin/ledger/checkpoint/change_list.html"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        state = {
            **_state(),
            "may_verify": request.user.has_perm("ledger.verify_trail"),
            "may_export": request.user.has_perm("ledger.export_trail"),
        }
        return super().changelist_view(request, {**(extra_context or {}), "state": state})

    @admin.display(description=_("anchored"))
    def places(self, checkpoint: Checkpoint) -> SafeString | str:
        anchors = Anchor.objects.filter(size=checkpoint.size).order_by("id")
        return format_html_join(mark_safe("<br>"), "{}: {}", ((a.where, a.receipt) for a in anchors)) or "–"

    @admin.display(description=_("signed note"))
    def signed_note(self, checkpoint: Checkpoint) -> SafeString:
        return format_html("<pre>{}</pre>", checkpoint.note)

    def get_urls(self) -> list[URLPattern]:
        return [
            path("verify/", self.page(self.verify_view, needs="ledger.verify_trail"), name="ledger_verify"),
            path("bundle/", self.page(self.bundle_view, needs="ledger.export_trail"), name="ledger_bundle"),
            *super().get_urls(),
        ]

    def verify_view(self, request: HttpRequest) -> HttpResponse:
        """Hash the newest entries again while the auditor waits, and show what was found."""
        report = rows = None
        if request.method == "POST":
            with log_reader.connect() as connection:
                row = connection.execute("SELECT coalesce(max(size), 0) FROM ledger.tree").fetchone()
                start = max(0, (row[0] if row else 0) - MAX_VERIFIED_IN_REQUEST)
                report = verification.verify_log(connection, external_checkpoints.load(), start=start)
                if registers.statements(connection) <= MAX_VERIFIED_IN_REQUEST:
                    rows = registers.Registers(connection).verify()
                    registers.add_to(report, rows)
            ledger.record_before(
                Event.VERIFIED,
                actor=request_actor(request),
                at=None,
                task="ledger.verify",
                facts={"size": report.size, "from": report.start, "code": report.code},
            )
        context = {
            **self.admin_site.each_context(request),
            "title": _("Verify now"),
            "opts": self.opts,
            "report": report,
            "rows": rows,
            "words": [(finding.message, finding.code) for finding in report.findings] if report else [],
            "while_waiting": MAX_VERIFIED_IN_REQUEST,
            "at_night": scrubs.MOST_IN_A_JOB,
            "scrub": Scrub.objects.finished().first(),
        }
        return TemplateResponse(request, "admin/ledger/checkpoint/verify.html", context)

    def bundle_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for days and reason, then send a bundle; bytes and digest are on record before the first byte leaves."""
        step_up_authentication.require(request)
        form = BundleForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                return self._bundle(request, form.cleaned_data)
            except Refusal as refusal:
                messages.error(request, str(refusal))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Download a bundle"),
            "opts": self.opts,
            "form": form,
            "most": log_bundles.MAX_DOWNLOADED,
        }
        return TemplateResponse(request, "admin/ledger/checkpoint/bundle.html", context)

    def _bundle(self, request: HttpRequest, asked: dict[str, Any]) -> HttpResponse:
        since = parse_midnight(str(asked["since"])) if asked["since"] else None
        until = parse_midnight(str(asked["until"]), days=1) if asked["until"] else None
        with tempfile.TemporaryDirectory(prefix="ledger-") as home:
            with log_reader.connect() as connection:
                written = log_bundles.write(
                    connection, Path(home) / "bundle", since=since, until=until,
                    vkeys=external_checkpoints.pinned_keys(), most=log_bundles.MAX_DOWNLOADED,
                )  # fmt: skip
            archive = Path(home) / "bundle.zip"
            sha256 = log_bundles.pack(written.folder, archive)
            content = archive.read_bytes()
        ledger.record_before(
            Event.EXPORTED,
            actor=request_actor(request),
            at=None,
            task="ledger.export",
            reason=asked["reason"],
            facts={"from": written.start, "until": written.end, "bytes": len(content), "sha256": sha256},
        )
        response = HttpResponse(content, content_type="application/zip")
        response.headers["Content-Disposition"] = f'attachment; filename="ledger-{written.start}-{written.end}.zip"'
        return response


@admin.register(Scrub)
class ScrubAdmin(KeysetAdmin):
    explanation = _("Every night all entries are hashed again and compared with what was signed and anchored.")
    empty_hint = _("The first scrub runs tonight.")
    keyset = ("begun_at", "id")
    list_display = ("begun_at", "finished_at", "size", "judged")
    fields = ("begun_at", "finished_at", "size", "position", "judged", "found", "noted")
    readonly_fields = fields

    @admin.display(description=_("result"))
    def judged(self, scrub: Scrub) -> SafeString:
        return scrub.result_badge

    @admin.display(description=_("problems found"))
    def found(self, scrub: Scrub) -> SafeString | str:
        lines = [f"{code}: {message}" for code, message in scrub.findings]
        return format_html("<pre>{}</pre>", "\n".join(lines)) if lines else "–"

    @admin.display(description=_("notes"))
    def noted(self, scrub: Scrub) -> SafeString | str:
        return format_html("<pre>{}</pre>", "\n".join(scrub.notes)) if scrub.notes else "–"


def _state() -> dict[str, Any]:
    """What the page says on top: how far sealing, signing and anchoring are, and what stands against them."""
    head = Tree.objects.order_by("-size").first()
    checkpoint = Checkpoint.objects.order_by("-size").first()
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT count(*), min(time) FROM (SELECT time"  # noqa: S608 - constants
            f" FROM {log_reader.UNSEALED} ORDER BY id LIMIT %s) waiting",
            [MAX_WAITING_COUNTED + 1],
        )
        waiting, oldest = cursor.fetchone() or (0, None)
    return {
        "head": head,
        "root": bytes(head.root).hex() if head else "",
        "checkpoint": checkpoint,
        "anchors": list(Anchor.objects.filter(size=checkpoint.size)) if checkpoint else [],
        "waiting": min(waiting, MAX_WAITING_COUNTED),
        "more_wait": waiting > MAX_WAITING_COUNTED,
        "oldest": oldest,
        "late": bool(oldest and clock.now() - oldest > LATE_AFTER),
        "unsigned": (head.size if head else 0) - (checkpoint.size if checkpoint else 0),
        "scrub": Scrub.objects.finished().first(),
        "refused": _refusal(checkpoint),
        "weaknesses": append_only.weaknesses(),
        "vkeys": external_checkpoints.pinned_keys(),
    }


def _refusal(checkpoint: Checkpoint | None) -> str:
    """Return why the notary no longer signs: as it says beside its state, or from another host on the trail.

    A refusal on the trail is over once a later checkpoint covers its entry.
    """
    refusal: Path = settings.NOTARY_STATE_DIR / "refusal"
    try:
        return refusal.read_text("utf-8").partition(" ")[2].strip()
    except OSError:
        told = Entry.objects.by("system:notary").filter(word=Event.NOTARY_REFUSED).order_by("-id").first()
    if told is None:
        return ""
    signed = checkpoint.size if checkpoint else 0
    is_over = Leaf.objects.filter(entry_id=told.id, index__lt=signed).exists()
    return "" if is_over else str(facts_in(told.payload).get("reason", told.id))
