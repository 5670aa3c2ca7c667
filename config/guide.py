"""The guides of docs/guide as pages: one for each kind of user, in the reader's language."""

import re
import struct
from dataclasses import dataclass
from functools import lru_cache
from itertools import count, pairwise

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.utils.functional import Promise
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext_lazy
from django.views.decorators.http import require_safe
from markdown_it import MarkdownIt

FOLDER = settings.BASE_DIR / "docs" / "guide"
PICTURE = re.compile(r'src="images/([\w.-]+\.png)"')
HEADING = re.compile("<h2>")
FIGURE = re.compile(r"<p><img [^>]*></p>")
TABLE = re.compile(r"<table>.*?</table>", re.DOTALL)


@dataclass(frozen=True)
class Guide:
    code: str
    name: Promise | str
    about: Promise | str


GUIDES = (
    Guide(
        "data-subject",
        gettext_lazy("For users of the devices"),
        gettext_lazy("Requests, consents and how to track them"),
    ),
    Guide("employee", gettext_lazy("For employees"), gettext_lazy("Pledges, training, access and sign-in")),
    Guide(
        "officer",
        gettext_lazy("For the protection officer and handlers"),
        gettext_lazy("Cases, disclosures, retention, incidents and the policy"),
    ),
    Guide("auditor", gettext_lazy("For auditors"), gettext_lazy("Entries, reviews and verification")),
    Guide("gateway", gettext_lazy("For device gateways"), gettext_lazy("Tokens, batches and answers of the API")),
)


def _markdown(name: str) -> str:
    """Return the attributes of a picture; its measures keep its place, so that nothing jumps when it comes."""
    width, height = struct.unpack(">II", (FOLDER / "images" / name).read_bytes()[16:24])
    return f'loading="lazy" width="{width}" height="{height}" src="{static(f"guide/{name}")}"'


@lru_cache(maxsize=32)
def page_of(code: str, language: str) -> SafeString:
    """Return a guide as HTML; raises FileNotFoundError where it is not written in this language."""
    text = (FOLDER / f"{code}.{language}.md").read_text(encoding="utf-8")
    # The guides are part of the program: their text is as trusted as its templates. Raw HTML stays off all the same.
    page = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    page = PICTURE.sub(lambda found: _markdown(found[1]), page)
    page = TABLE.sub(lambda found: f'<div class="table-scroll" tabindex="0" role="group">{found[0]}</div>', page)
    counted = count(1)
    page = HEADING.sub(lambda found: f'<h2 id="part-{next(counted)}">', page)
    page = page.replace("<table>", '<table class="table">').replace("<th>", '<th scope="col">')
    return mark_safe(page)  # noqa: S308 - see above


@lru_cache(maxsize=64)
def part_of(code: str, number: int, language: str) -> SafeString:
    """Return one part of a guide without heading and pictures, as pages of the console say why and what next."""
    begin, end = f'<h2 id="part-{number}">', f'<h2 id="part-{number + 1}">'
    text = page_of(code, language).partition(begin)[2].partition(end)[0].partition("</h2>")[2]
    return mark_safe(FIGURE.sub("", text))  # noqa: S308 - as the page


@lru_cache(maxsize=32)
def headings_of(code: str, language: str) -> tuple[str, ...]:
    """Return the headings of a guide in their order; the first leads to ``#part-1``."""
    tokens = MarkdownIt("commonmark").parse((FOLDER / f"{code}.{language}.md").read_text(encoding="utf-8"))
    opened = pairwise(tokens)
    return tuple(inside.content for token, inside in opened if token.type == "heading_open" and token.tag == "h2")


@require_safe
@login_not_required
def index(request: HttpRequest) -> HttpResponse:
    """Show which guides there are."""
    return render(request, "guide/index.html", {"guides": GUIDES})


@require_safe
@login_not_required
def guide(request: HttpRequest, code: str) -> HttpResponse:
    """Show one guide."""
    found = next((one for one in GUIDES if one.code == code), None)
    if found is None:
        raise Http404
    page = page_of(code, (get_language() or settings.LANGUAGE_CODE)[:2])
    return render(request, "guide/guide.html", {"guide": found, "guides": GUIDES, "page": page})
