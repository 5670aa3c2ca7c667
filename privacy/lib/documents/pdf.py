"""PDF documents in one look: tagged (PDF/UA-1), with a Korean font embedded, made by typst from data.

Templates are the ``.typ`` files of ``templates/pdf``; what they show comes in as JSON and is never part of a template,
so no text can become markup. ``sheet`` serves most documents: its payload is described in ``templates/pdf/sheet.typ``.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst
from django.conf import settings
from pylopdf_fonts_ko import sans_path

from privacy.lib.documents.fonts import printable_text

FONT_PATH = sans_path()
# Where a PDF names what made it, with its version.
MAKER = re.compile(rb"(?<=/Creator\()Typst [\d.]+(?=\))|(?<=<xmp:CreatorTool>)Typst [\d.]+(?=</)")


class TemplateMissing(LookupError):
    """There is no such template in ``templates/pdf``."""


def render(
    template_name: str, payload: Mapping[str, Any], *, language: str = "ko", made_at: datetime | None = None
) -> bytes:
    """Return the PDF that a template makes of a payload of JSON values.

    The same template, payload, language and moment give the same bytes; without ``made_at`` the file carries no date of
    its own. Raises ``TemplateMissing``.
    """
    folder = _folder()
    template = (folder / template_name).with_suffix(".typ")
    if not template.resolve().is_relative_to(folder) or not template.is_file():
        raise TemplateMissing(template_name)
    made: bytes = typst.compile(
        template,
        root=folder,
        font_paths=_fonts(),
        format="pdf",
        pdf_standards=["ua-1"],
        timestamp=int(made_at.timestamp()) if made_at else 0,
        sys_inputs=_inputs(payload, language, made_at),
    )
    # As long as before: the places of all that follows are written down in the file.
    return MAKER.sub(lambda name: b"Typst".ljust(len(name[0])), made)


def pages_of_marks(
    template_name: str, payload: Mapping[str, Any], *, language: str = "ko", made_at: datetime | None = None
) -> dict[str, int]:
    """Return on which page of the same document each of its ``mark`` blocks stands, by the mark's text."""
    folder = _folder()
    told: str = typst.query(  # type: ignore[misc]  # its stub can't tell a path
        str((folder / template_name).with_suffix(".typ")),
        "<mark>",
        field="value",
        root=folder,
        font_paths=[str(FONT_PATH.parent)],
        ignore_system_fonts=True,
        sys_inputs=_inputs(payload, language, made_at),
    )
    return dict(json.loads(told))


def _inputs(payload: Mapping[str, Any], language: str, made_at: datetime | None) -> dict[str, str]:
    return {
        "payload": json.dumps(_showable(payload), ensure_ascii=False),
        "language": language,
        "dated": "yes" if made_at else "",
    }


def _folder() -> Path:
    return Path(settings.BASE_DIR) / "templates" / "pdf"


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=[str(FONT_PATH.parent)])


def _showable(value: Any) -> Any:
    if isinstance(value, str):
        return printable_text(value, FONT_PATH)
    if isinstance(value, Mapping):
        return {key: _showable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_showable(inner) for inner in value]
    return value
