"""Forms of the console that save by a verb: a refusal is shown on the page, and nothing is half-done."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect

from privacy.lib.admin import ReadOnlyAdmin
from privacy.lib.refusals import Refusal


class VerbAdmin(ReadOnlyAdmin):
    """A register whose forms call verbs in ``save_model`` and ``save_formset``."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Refusal as refusal:
            # Django rolls the form's transaction back on the way here.
            messages.error(request, str(refusal))
            return HttpResponseRedirect(request.get_full_path())
