"""Lists of the console as somebody narrowed them, under a name."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.accounts.models.users import User
from privacy.lib.identifiers.ids import new_id


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def of_register(self, register: str, *, user: User) -> SavedViewQuerySet:
        """The views of a list that somebody sees: their own, and those that colleagues share."""
        kept = self.filter(register=register, removed_at=None).filter(Q(owner=user) | Q(is_shared=True))
        return kept.select_related("owner").order_by("is_shared", "title", "made_at")


class SavedView(models.Model):
    """Filters and order of one list, under a name. It holds no search term: what is searched for may be somebody's."""

    record_label = "accounts.SavedView"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(User, verbose_name=_("owner"), on_delete=models.PROTECT, related_name="views")
    register = models.CharField(_("list"), max_length=60)
    title = models.CharField(_("name"), max_length=60)
    query = models.CharField(_("filters"), max_length=500)
    is_shared = models.BooleanField(_("shared"), default=False)
    made_at = models.DateTimeField(_("saved at"))
    removed_at = models.DateTimeField(_("removed at"), null=True, blank=True)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        default_permissions = ()
        ordering = ("title", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "register", "title"],
                condition=Q(removed_at=None),
                name="view_has_one_name_in_its_list",
            ),
        ]

    def __str__(self) -> str:
        return self.title
