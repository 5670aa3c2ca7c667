"""What everybody is told individually of a revision of the policy: its announcement, and where to read it (P0.3)."""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import override

from privacy.policies import message_templates
from privacy.policies.message_templates import LANGUAGES
from privacy.policies.models import Notice, PolicyVersion

CODE = "campaigns.policy"


def compose(version: PolicyVersion, notice: Notice) -> tuple[str, dict[str, str], dict[str, str]]:
    """Return the version of the template, and the title and text in each language."""
    words = message_templates.in_force(CODE)
    title, text = {}, {}
    for language in LANGUAGES:
        with override(language):
            values = _values(version, notice, language)
            title[language] = words.fill("title", values, language=language)
            text[language] = words.fill("text", values, language=language)
    return words.version, title, text


def _values(version: PolicyVersion, notice: Notice, language: str) -> dict[str, str]:
    before = version.based_on
    return {
        "announcement_title": notice.title_en if language == "en" else notice.title_ko,
        "announcement": (notice.body_en if language == "en" else notice.body_ko).strip(),
        "version_page": _address("policies:version", version.number),
        "difference_page": "" if before is None else _address("policies:difference", before.number, version.number),
        "rights_page": _address("rights:guide"),
    }


def _address(name: str, *arguments: str) -> str:
    return f"{settings.PORTAL_URL}{reverse(name, args=arguments)}"
