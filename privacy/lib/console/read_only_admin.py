"""What every page of the console shares: records are read-only, buttons call verbs."""

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import wraps
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import ActionLocation
from django.contrib.admin.templatetags.admin_urls import admin_urlname
from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import IntegrityError, connections, models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import get_language, get_language_info
from django.utils.translation import gettext_lazy as _

from privacy.lib.console import confirm_action
from privacy.lib.console.second_person_step import SecondPersonStep
from privacy.lib.dates import clock, form_fields
from privacy.lib.display import display_names
from privacy.lib.errors import constraint_messages
from privacy.lib.errors.refusals import Refusal
from privacy.lib.http import step_up_authentication
from privacy.lib.record_labels import about_label

# After how many seconds the page of work that goes on shows itself again, and how its address says not to.
REFRESH_SECONDS, NO_REFRESH = 5, "stay"
# Where a button stands that acts on one record only.
CHANGE_FORM_ONLY = (ActionLocation.CHANGE_FORM,)


class EstimatingPaginator(Paginator[Any]):
    """Counts exactly up to ``exact`` rows and asks the planner's statistics beyond: a list never counts a big table.

    ``is_capped`` says that there are more than ``exact``, ``is_estimate`` that there are about as many.
    """

    exact = 10_000
    is_capped = is_estimate = False

    @cached_property
    def count(self) -> int:
        queryset = self.object_list
        if not isinstance(queryset, QuerySet):
            return super().count
        capped = queryset.order_by()[: self.exact + 1].count()
        if capped <= self.exact:
            return capped
        if queryset.query.where:
            self.is_capped = True
            return capped
        self.is_estimate = True
        with connections[queryset.db].cursor() as cursor:
            cursor.execute(
                "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [queryset.model._meta.db_table]
            )
            row = cursor.fetchone()
        return max(capped, int(row[0]) if row else 0)


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """A register in the console: it shows, and only its buttons act.

    Everything is read-only; adding, changing and deleting go through verbs. Lists have no date hierarchy, no
    free-text search over personal data and no full count, so that they stay fast at a million rows.
    """

    paginator = EstimatingPaginator
    show_full_result_count = False
    list_per_page = 50
    actions_on_top = True
    # The language that its fields are filled in in, where it is one of them only ("ko"): said to who reads aloud.
    content_language = ""
    # The fields of its rows that hold an account's reference: a list asks for the names of all of them at once.
    account_fields: Sequence[str] = ()
    # The step that only a second person can take, if there is one: the page says who that can be.
    second_person: SecondPersonStep | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Django reads it from the instance, where it has put its own defaults by now.
        vars(self)["formfield_overrides"] = form_fields.bounded_overrides(self.formfield_overrides)
        self._told: dict[tuple[str, str, str | None], str] = {}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Whether one may see the register: by the model's fixed name, as the table of roles has it."""
        app, _dot, name = about_label(self.model).partition(".")
        return bool(request.user.has_perm(f"{app}.view_{name}"))

    def page(self, view: Callable[..., Any], *, needs: str = "") -> Callable[..., Any]:
        """Return a page of this register's own, for its addresses: open to holders of ``app.codename`` alone.

        Without one it opens for whoever may see the register. Its verb asks again; this spares people a form that
        they may not send, and what stands on it.
        """

        @wraps(view)
        def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if not (request.user.has_perms([needs]) if needs else self.has_view_permission(request)):
                raise PermissionDenied
            answer = confirm_action.run_button(request, lambda: view(request, *args, **kwargs))
            # Refused where no form was shown: the list says so.
            return redirect(admin_urlname(self.opts, SafeString("changelist"))) if answer is None else answer

        return self.admin_site.admin_view(opened)

    def buttons_for(self, record: Any) -> Collection[str] | None:
        """Return which buttons a record's page offers in its present state; ``None`` offers all that one may press.

        It only spares people a refusal: what may be done is checked by the verb.
        """
        return None

    def withheld_from(self, record: Any, actor: Any) -> Collection[str]:
        """Return the buttons that this person may not press on this record, whatever their permissions."""
        return ()

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        """Lead to the record's page, which tells what happened from the audit trail: Django's own log is empty."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return redirect(admin_urlname(self.opts, SafeString("change")), quote(object_id))

    def is_in_progress(self, record: Any) -> bool:
        """Whether the worker is at work on it: its page then shows itself again, without script, until told not to."""
        return False

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], add: bool = False, change: bool = False,
        form_url: str = "", obj: Any = None,
    ) -> Any:  # fmt: skip
        """Say on a record's page whether work is going on, and let the browser ask again meanwhile."""
        going_on = obj is not None and self.is_in_progress(obj)
        again = going_on and request.method == "GET" and NO_REFRESH not in request.GET
        context = {**context, "going_on": going_on, "again": again}
        response = super().render_change_form(request, context, add, change, form_url, obj)
        if again:
            response.headers["Refresh"] = str(REFRESH_SECONDS)
        return response

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Show categories, purposes and items by name."""
        self._told = {}
        return [_named(column) for column in super().get_list_display(request)]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        listing = super().get_changelist_instance(request)
        self.know_accounts_of(listing.result_list)
        return listing

    def know_accounts_of(self, rows: Iterable[models.Model]) -> None:
        """Ask at once for the names of all accounts that these rows name."""
        columns = (getattr(self, str(column), None) for column in self.list_display)
        fields = {*self.account_fields, *(getattr(column, "account_field", "") for column in columns)} - {""}
        self.know_accounts({str(getattr(row, field)) for row in rows for field in fields} if fields else set())

    def know_accounts(self, references: Collection[str]) -> None:
        """Ask at once for the names of these accounts; who has none keeps the reference."""
        asked = {reference for reference in references if reference}
        known = display_names.display_names_of("account", asked)
        self._told |= {("account", one, get_language()): known.get(one, one) for one in asked}

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show categories, purposes and items by name, unless this page edits them."""
        self._told = {}
        fields = super().get_fields(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fields
        return [[_named(n) for n in line] if isinstance(line, list | tuple) else _named(line) for line in fields]

    @admin.display(description=_("category"), ordering="category")
    def category_named(self, record: Any) -> str:
        return self._name("category", record.category)

    @admin.display(description=_("purpose"), ordering="purpose")
    def purpose_named(self, record: Any) -> str:
        return self._name("purpose", record.purpose)

    @admin.display(description=_("item"), ordering="item")
    def item_named(self, record: Any) -> str:
        return self._name("item", record.item)

    @admin.display(description=_("language"), ordering="language")
    def language_named(self, record: Any) -> str:
        return str(get_language_info(record.language)["name_translated"]) if record.language else "–"

    def account_name(self, reference: str) -> str:
        """Return an account's name with its reference; the reference alone of a job, or where nobody has it."""
        name = self._name("account", reference)
        return name if name == reference or not reference else f"{name} ({reference})"

    def _name(self, kind: str, code: str | None) -> str:
        """Return what a code is called, looked up once for all rows of a list."""
        if not code:
            return self.get_empty_value_display()
        # Another thread may begin a page meanwhile: this one goes on with the names it has.
        told, asked = self._told, (kind, code, get_language())
        if asked not in told:
            told[asked] = display_names.display_name(kind, code, on=clock.today())
        return told[asked]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Let a button's verb commit for itself. The admin wraps the page's POST in a transaction; a verb that commits
        its intent before it acts in another database must not stand inside one.
        """
        if f"{ActionLocation.CHANGE_FORM.value}-action" in request.POST:
            return self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]
        return super().changeform_view(request, object_id, form_url, extra_context)

    def _filter_actions_by_permissions(self, request: HttpRequest, actions: Any) -> list[Any]:
        """Offer a button to holders of its own permission; Django's ``permissions`` knows only has_…_permission."""
        offered: list[Any] = super()._filter_actions_by_permissions(request, actions)  # type: ignore[misc]
        return [
            action
            for action in offered
            if request.user.has_perms([code for code in [getattr(action.func, "needs", "")] if code])
        ]


def account_line(model: type[models.Model], field: str) -> Callable[[Any, Any], str]:
    """Return a line of a record's page that shows the account in this field by name."""

    def shown(self: ReadOnlyAdmin, record: Any) -> str:
        return self.account_name(getattr(record, field))

    shown.short_description = model._meta.get_field(field).verbose_name  # type: ignore[attr-defined, union-attr]
    return shown


def _named(column: Any) -> Any:
    """Return the method that shows a field of codes by their names, or the field itself."""
    return f"{column}_named" if column == "language" or column in display_names.KINDS else column


def button(
    *,
    description: Any,
    permission: str,
    locations: Sequence[ActionLocation] = (ActionLocation.CHANGE_LIST, ActionLocation.CHANGE_FORM),
    step_up: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make an admin method a button on the list and on the record's page, for holders of ``app.codename``.

    With ``step_up`` who presses it must have confirmed lately who they are (``step_up_authentication``).
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def press(modeladmin: Any, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
            if step_up:
                step_up_authentication.require(request)
            return confirm_action.run_button(request, lambda: function(modeladmin, request, queryset))

        decorated: Callable[..., Any] = admin.action(press, description=description, location=list(locations))
        decorated.needs = permission  # type: ignore[attr-defined]
        return decorated

    return decorate


def run_action(
    modeladmin: Any,
    request: HttpRequest,
    verb: Callable[[], object],
    success: Any,
    *,
    level: int = messages.SUCCESS,
    record: Any = None,
) -> bool:
    """Call a verb and tell the officer how it went; a refusal is shown as an error. Return whether it was done.

    ``success`` is the sentence, or makes it from what the verb returned.
    A button that acts on several records names each: what was refused is asked again for those that are left.
    """
    try:
        result = confirm_action.call_action(request, verb)
    except (Refusal, IntegrityError) as error:
        confirm_action.record_outcome(request, refusal=constraint_messages.as_refusal(error))
        return False
    confirm_action.record_outcome(request, done=None if record is None else record.pk)
    messages.add_message(request, level, str(success(result) if callable(success) else success))
    return True
