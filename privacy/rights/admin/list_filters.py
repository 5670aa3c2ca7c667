"""How the list of cases is narrowed to a person's own work, or to a colleague's."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from privacy.accounts import permissions
from privacy.accounts.actors import actor_of
from privacy.rights.models import Request

MINE, NOBODY = "mine", "nobody"


class AssigneeFilter(admin.SimpleListFilter):
    """Whose case it is: mine, nobody's, or a colleague's, by reference."""

    title = _("assigned to")
    parameter_name = "assigned"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        people = permissions.users_with_role("officer", "handler").order_by("name")
        return [(MINE, _("me")), (NOBODY, _("nobody")), *((user.reference, user.name) for user in people)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Request]) -> QuerySet[Request]:
        asked = self.value()
        if asked is None:
            return queryset
        own = {MINE: actor_of(request).reference, NOBODY: ""}
        return queryset.filter(assigned_to=own.get(asked, asked))
