"""No text promises that nothing brings destroyed data back: key backups are kept for a while, and the texts say so."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from privacy.retention.certificates import statement_texts
from tests.base import PortalTestCase

ROOT = Path(settings.BASE_DIR)
# The company's published policy speaks for itself (P7.2); what the portal says of itself must be so.
LEFT_ALONE = {"privacy/policies/locale/ko/LC_MESSAGES/django.po", "docs/clauses.md"}
TOO_MUCH = re.compile(
    r"no backup|beyond recovery|destroyed for good|so that it can't be restored|brings? it back"
    r"|복구할 수 없(게|도록) 파기|영구히 파기|되살릴 수 없",
    re.IGNORECASE,
)


def texts() -> list[Path]:
    found = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "locale" / "parts").glob("*.po")]
    found += [*(ROOT / "templates").rglob("*.html"), *(ROOT / "templates").rglob("*.txt")]
    return [path for path in found if str(path.relative_to(ROOT)) not in LEFT_ALONE and "decisions" not in path.parts]


@pytest.mark.truth("5")
def test_no_text_says_that_no_backup_brings_it_back() -> None:
    wrong = {str(path.relative_to(ROOT)): found for path in texts() if (found := TOO_MUCH.findall(path.read_text()))}
    assert not wrong


@pytest.mark.truth("5")
class ThePages(PortalTestCase):
    def test_say_for_how_many_days_backups_are_kept_as_it_is_set(self) -> None:
        for days in (7, 14):
            with self.settings(KEY_BACKUP_DAYS=days), override("en"):
                page = Client().get(reverse("rights:guide")).content.decode()
                assert f"for up to {days} days" in page
                assert statement_texts.cannot_be_undone() in page.replace("&#x27;", "'")
