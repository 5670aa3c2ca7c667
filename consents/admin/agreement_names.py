"""Agreements by what people read, in the lists of what they decided: a code says nothing to an officer."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from consents.models import AgreementVersion


class AgreementFilter(admin.RelatedFieldListFilter):
    """A filter that names each agreement by its newest published text."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        texts = AgreementVersion.objects.exclude(published_at=None).order_by("published_at")
        titles = {str(text.agreement_id): text.title for text in texts}
        known = super().field_choices(field, request, model_admin)
        return [(key, titles.get(str(key), name)) for key, name in known]
