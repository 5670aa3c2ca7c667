"""What is shown before a notice to people goes out: its whole text, and to how many."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from privacy.incidents import duties, notice_texts
from privacy.incidents.models import Incident, Stage
from privacy.lib.dates import clock
from privacy.lib.display.reader_language import reader_language


def notice_preview(incident: Incident, wanted: Mapping[Stage, int]) -> Sequence[object]:
    """Return what goes out, by what the people know already; ``wanted`` counts them."""
    today, language = clock.today(), reader_language()
    missing = duties.missing_notice_contents(incident, today)
    if missing:
        return [_("It can't be sent yet; missing: %(missing)s.") % {"missing": "; ".join(missing)}]
    said: list[object] = []
    for stage, count in wanted.items():
        if count:
            told = ngettext("To %(count)d listed data subject:", "To %(count)d listed data subjects:", count)
            said.append(told % {"count": count})
        said.append(notice_texts.notice_title(incident, stage, language))
        said.extend(notice_texts.notice_text(incident, stage, language, on=today).split("\n\n"))
    return said or [_("Everyone listed has been told.")]
