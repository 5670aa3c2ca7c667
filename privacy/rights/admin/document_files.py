"""Opened documents of a case as one file to look at."""

from collections.abc import Sequence
from io import BytesIO
from zipfile import ZipFile

from django.http import HttpResponse

from privacy.lib.documents import upload_validation
from privacy.lib.http.downloads import attachment
from privacy.rights.actions import OpenedDocument


def documents_file(opened: Sequence[OpenedDocument], *, name: str) -> HttpResponse:
    """Return one document as it is, several in one ZIP."""
    names = [f"{name}-{one.number}.{upload_validation.EXTENSIONS[one.media_type]}" for one in opened]
    if len(opened) == 1:
        return attachment(opened[0].content, media_type=opened[0].media_type, name=names[0])
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        for file, one in zip(names, opened, strict=True):
            archive.writestr(file, one.content)
    return attachment(packed.getvalue(), media_type="application/zip", name=f"{name}-documents.zip")
