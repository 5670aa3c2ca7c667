"""What a reviewer reads before approving a version: an approval is bound to it."""

from collections.abc import Iterator

from django import forms
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from privacy.lib.dates import clock
from privacy.policies import policy_document, rule_changes, rulebook, text_changes
from privacy.policies.models import PolicyVersion


class ApprovalForm(forms.Form):
    """Which content was read before the button was pressed."""

    read = forms.CharField(widget=forms.HiddenInput)


def what_is_approved(version: PolicyVersion) -> Iterator[object]:
    """Say what an approval is of: the content as it is now, by its rules in sentences and its preview."""
    preview = reverse("admin:policies_policyversion_preview", args=[version.pk])
    yield format_html(
        '<a href="{}">{}</a>',
        preview,
        _("You approve the text, the reason for the change and the rules as they are now."),
    )
    base = version.based_on
    if base is not None and base.document:
        composed, language = policy_document.compose(version, clock.today()), get_language() or "ko"
        yield from (change.sentence for change in text_changes.compare_rules(base.document, composed, language))
        yield from rule_changes.compare_internal_rules(rulebook.read(base), rulebook.read(version), language)
