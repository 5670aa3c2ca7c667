"""Which programs are told what happens: subscriptions, what is to be told, and what each subscription got of it."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.lib.identifiers.ids import new_id, new_reference


def new_subscription_reference() -> str:
    return new_reference("WH")


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def standing(self) -> "SubscriptionQuerySet":
        """Those that two people let count and that nobody has ended; suspended ones too."""
        return self.filter(approved_at__isnull=False, ended_at=None)


class Subscription(models.Model):
    """An address of a program that is told of events: asked for by one person, approved by another.

    Address and kinds never change: what was approved is what is sent. The secret is derived and never stored;
    ``secret_generation`` counts them, and the one before signs too until ``old_secret_until``. ``failing_since`` is the
    first failure since the address took anything; ``suspended_at`` says that nothing is sent until a person resumes.
    """

    record_label = "office_api.Subscription"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_subscription_reference)
    title = models.CharField(pgettext_lazy("webhook", "used by"), max_length=100)
    address = models.CharField(_("address"), max_length=300)
    kinds: "models.JSONField[list[str]]" = models.JSONField(pgettext_lazy("webhook", "events"), default=list)
    reason = models.CharField(_("reason"), max_length=300)
    asked_by = models.CharField(_("requested by"), max_length=64)
    asked_at = models.DateTimeField(_("requested at"))
    approved_by = models.CharField(_("approved by"), max_length=64, blank=True)
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True)
    refused_by = models.CharField(_("refused by"), max_length=64, blank=True)
    refused_at = models.DateTimeField(_("refused at"), null=True, blank=True)
    ended_by = models.CharField(_("ended by"), max_length=64, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    secret_generation = models.PositiveIntegerField(_("secret no."), default=1)
    old_secret_until = models.DateTimeField(_("old secret signs until"), null=True, blank=True)
    replays = models.PositiveIntegerField(_("replays"), default=0)
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True)
    suspended_at = models.DateTimeField(_("suspended at"), null=True, blank=True)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["-asked_at"]
        default_permissions = ("view",)
        permissions = [("keep_webhooks", _("Can decide which programs are told of events"))]
        constraints = [
            models.CheckConstraint(
                name="office_api_webhook_is_settled_by_somebody",
                condition=(Q(approved_at=None, approved_by="") | (Q(approved_at__isnull=False) & ~Q(approved_by="")))
                & (Q(refused_at=None, refused_by="") | (Q(refused_at__isnull=False) & ~Q(refused_by="")))
                & (Q(ended_at=None, ended_by="") | (Q(ended_at__isnull=False) & ~Q(ended_by="")))
                & (Q(approved_at=None) | Q(refused_at=None)),
            ),
            models.CheckConstraint(
                name="office_api_webhook_is_another_persons_word",
                condition=Q(approved_by="") | ~Q(approved_by=F("asked_by")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"

    @property
    def waits(self) -> bool:
        """Whether nobody has approved, refused or ended it yet."""
        return self.approved_at is None and self.refused_at is None and self.ended_at is None

    @property
    def stands(self) -> bool:
        """Whether two people let it count and nobody has ended it."""
        return self.approved_at is not None and self.ended_at is None


class OutgoingEvent(models.Model):
    """What happened, as it is told: written in the transaction of its cause, and only where somebody is to hear it.

    ``event_id`` is the CloudEvents ``id``; ``sequence`` grows with each event; ``about`` is the CloudEvents
    ``subject``, within which events keep their order. ``body`` holds numbers, codes and times, no words of anybody.
    """

    record_label = "office_api.OutgoingEvent"

    sequence = models.BigAutoField(_("number"), primary_key=True)
    event_id = models.UUIDField(_("event id"), unique=True, default=new_id, editable=False)
    kind = models.CharField(pgettext_lazy("event delivery", "event"), max_length=40)
    about = models.CharField(_("about"), max_length=64)
    at = models.DateTimeField(_("time"))
    body: Any = models.JSONField(_("content"), default=dict)
    distributed_at = models.DateTimeField(_("distributed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("event of the API")
        verbose_name_plural = _("events of the API")
        ordering = ["-sequence"]
        default_permissions = ()
        indexes = [
            models.Index(fields=["sequence"], condition=Q(distributed_at=None), name="office_api_events_to_tell"),
            models.Index(fields=["at"], name="office_api_events_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.sequence}"


class EventDeliveryQuerySet(models.QuerySet["EventDelivery"]):
    def waiting(self) -> "EventDeliveryQuerySet":
        """Those that are still to be sent."""
        return self.filter(state=EventDelivery.State.WAITING)

    def before(self, delivery: "EventDelivery") -> "EventDeliveryQuerySet":
        """Those that the same address gets first: of the same subject, queued earlier, and not over."""
        same = self.waiting().filter(subscription_id=delivery.subscription_id, about=delivery.about)
        return same.filter(number__lt=delivery.number)


class EventDelivery(models.Model):
    """One event for one subscription. In the order of their numbers those of one subject are sent.

    ``round`` is 0, or the number of the replay that sends it once more. ``trouble`` is a code, never what was answered.
    """

    record_label = "office_api.EventDelivery"

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("event delivery", "waiting")
        TAKEN = "taken", pgettext_lazy("event delivery", "taken")
        DEAD = "dead", pgettext_lazy("event delivery", "not delivered")
        DISCARDED = "discarded", pgettext_lazy("event delivery", "discarded")

    number = models.BigAutoField(_("number"), primary_key=True)
    subscription = models.ForeignKey(
        Subscription, verbose_name=_("webhook"), on_delete=models.PROTECT, related_name="deliveries"
    )
    event = models.ForeignKey(
        OutgoingEvent,
        verbose_name=pgettext_lazy("event delivery", "event"),
        on_delete=models.PROTECT,
        related_name="deliveries",
    )
    about = models.CharField(_("about"), max_length=64)
    round = models.PositiveIntegerField(_("replay"), default=0)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    queued_at = models.DateTimeField(_("queued"))
    tries = models.PositiveIntegerField(_("attempts"), default=0)
    trouble = models.CharField(_("last trouble"), max_length=60, blank=True)
    failed_at = models.DateTimeField(_("first failed"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    settled_by = models.CharField(_("settled by"), max_length=64, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    objects = EventDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery of an event")
        verbose_name_plural = _("deliveries of events")
        ordering = ["-number"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "event", "round"], name="office_api_event_is_delivered_once_a_round"
            ),
            models.CheckConstraint(
                name="office_api_delivery_is_discarded_for_a_reason",
                condition=~Q(state="discarded") | (~Q(reason="") & ~Q(settled_by="")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["subscription", "about", "number"],
                condition=Q(state="waiting"),
                name="office_api_waiting_events",
            ),
            models.Index(fields=["number"], condition=Q(state="dead"), name="office_api_dead_letters"),
        ]

    def __str__(self) -> str:
        return f"{self.about} · {self.number}"
