"""The papers of the safeguards: the internal management plan, the annual report to the representative (law O-03)."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext

from privacy.accounts.display_names import name_with_reference
from privacy.lib.dates import clock
from privacy.lib.display import badges, charts
from privacy.lib.documents import pdf
from privacy.lib.registries import annual_report
from privacy.safeguards import integrity
from privacy.safeguards.models import AnnualReport, ManagementPlan, Member
from privacy.safeguards.models.management_plans import Section


def plan_pdf(plan: ManagementPlan, *, language: str) -> bytes:
    """Return a version of the plan as PDF; before the approval it says that it is a draft."""
    with override(language):
        blocks: list[dict[str, Any]] = [
            {
                "kind": "fields",
                "rows": [
                    [pgettext("plan", "Version"), str(plan.number)],
                    [_("State"), _("approved") if plan.seal else str(plan.get_state_display())],
                    [_("Reason for the change"), plan.reason],
                    [_("Drafted by"), name_with_reference(plan.drafted_by)],
                    [_("Approved by"), name_with_reference(plan.approved_by) or "–"],
                    [_("Effective date"), badges.date_text(plan.effective_on) if plan.effective_on else "–"],
                ],
            }
        ]
        if integrity.is_past_term(plan):
            lapsed = _("The entry of the audit trail that would confirm this seal is past its retention period.")
            blocks.append({"kind": "note", "text": lapsed})
        elif plan.seal and not integrity.is_intact(plan):
            altered = _("This text does not match its seal: it was altered after the approval.")
            blocks.append({"kind": "note", "text": altered})
        for heading, text in plan.contents():
            blocks += [{"kind": "heading", "text": heading}, {"kind": "text", "text": text or "–"}]
            if heading == str(Section.ORGANISATION.label):
                blocks.append(_organisation(plan))
        if plan.seal:
            blocks.append({"kind": "digest", "label": "SHA-256", "value": plan.seal})
        title = _("Internal management plan")
        sheet = {"title": title, "subtitle": str(plan), "reference": f"v{plan.number}", "blocks": blocks}
        return pdf.render("sheet", sheet, language=language, made_at=plan.approved_at or plan.drafted_at)


def _organisation(plan: ManagementPlan) -> dict[str, Any]:
    """Who was in the organisation when the plan was approved or, before that, drafted."""
    at = plan.approved_at or plan.drafted_at
    members = Member.objects.known_at(at)
    if not members:
        return {"kind": "text", "text": _("No member of the organisation is appointed.")}
    return {
        "kind": "table",
        "columns": [_("Employee"), _("Role"), _("Duties in the organisation"), pgettext("appointment", "Since")],
        "rows": [
            [
                name_with_reference(one.person),
                str(one.get_role_display()),
                one.duties,
                badges.date_text(one.since),
            ]
            for one in members
        ],
        "widths": [3, 2, 5, 3],
    }


def annual_report_sections(first: date, last: date, *, language: str) -> list[dict[str, Any]]:
    """Return the figures of a period from every register, in a language, as they are kept with a report."""
    with override(language):
        return [{"code": code, **asdict(chapter)} for code, chapter in annual_report.report_sections(first, last)]


def report_pdf(report: AnnualReport) -> bytes:
    """Return a report as PDF: its figures as they were kept, each chapter with its charts and their numbers."""
    with override(report.language):
        return pdf.render("sheet", _report_payload(report), language=report.language, made_at=report.made_at)


def _report_payload(report: AnnualReport) -> dict[str, Any]:
    blocks: list[dict[str, Any]] = [
        {
            "kind": "fields",
            "rows": [
                [_("Year"), str(report.year)],
                [_("To"), _("the representative")],
                [_("Reported by"), name_with_reference(report.made_by)],
                [_("Figures as of"), badges.datetime_text(report.made_at)],
            ],
        },
        {"kind": "heading", "text": _("At a glance")},
        {"kind": "table", "columns": [pgettext("noun", "Register"), _("Figure"), _("Number")],
         "rows": _summary(report.chapters), "widths": [3, 5, 1]},
    ]  # fmt: skip
    if report.remarks:
        blocks += [{"kind": "heading", "text": _("Remarks of the protection officer")},
                   {"kind": "text", "text": report.remarks}]  # fmt: skip
    for chapter in report.chapters:
        blocks.append({"kind": "heading", "text": chapter["title"]})
        blocks.append(
            {
                "kind": "fields",
                "rows": [[one["label"], _number(one)] for one in chapter["figures"]],
            }
        )
        for series in chapter["series"]:
            blocks.append(_chart(series))
    signed = [badges.date_text(clock.kst_date(report.made_at)), name_with_reference(report.made_by)]
    blocks.append({"kind": "signature", "rows": signed})
    return {
        "title": _("Annual report on personal information protection"),
        "subtitle": str(report.year),
        "reference": report.reference,
        "blocks": blocks,
    }


def _summary(chapters: list[dict[str, Any]]) -> list[list[str]]:
    return [[chapter["title"], one["label"], _number(one)] for chapter in chapters for one in chapter["figures"][:2]]


def _number(figure: Mapping[str, Any]) -> str:
    return annual_report.figure_text(figure["value"], figure["unit"])


def _chart(series: Mapping[str, Any]) -> dict[str, Any]:
    """Return a chart; of nothing there is nothing to draw."""
    if not any(value for _name, value in series["points"]):
        return {"kind": "text", "text": _("%(title)s: none in this year.") % {"title": series["title"]}}
    return {"kind": "chart", "caption": series["title"], "svg": _drawing(series), "alt": _series_text(series)}


def _drawing(series: Mapping[str, Any]) -> str:
    points = [(str(name), int(value)) for name, value in series["points"]]
    draw = charts.bar_chart if series["code"].endswith(".by-month") else charts.horizontal_bar_chart
    return charts.standalone_svg(draw(points, label=series["title"]))


def _series_text(series: Mapping[str, Any]) -> str:
    return f"{series['title']}: " + ", ".join(f"{name} {value:,}" for name, value in series["points"])
