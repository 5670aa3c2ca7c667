"""Training (P8.9, law S-31, F-14): yearly plans, courses with their quiz, sessions, and who completed what."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from privacy.accounts.models import User
from privacy.lib.display.reader_language import reader_language
from privacy.lib.identifiers.ids import new_id, new_reference


def new_completion_reference() -> str:
    return new_reference("TR")


class TrainingPlan(models.Model):
    """The training of one year: for what, for whom, what, how, when. Approved by another person than its author."""

    record_label = "workforce.TrainingPlan"

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        APPROVED = "approved", _("approved")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    year = models.PositiveSmallIntegerField(_("year"), unique=True)
    aim = models.TextField(_("aim"))
    audience = models.TextField(_("for whom"))
    content = models.TextField(_("content"))
    method = models.TextField(_("method"))
    schedule = models.TextField(_("schedule"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    drafted_by = models.CharField(_("drafted by"), max_length=64)
    drafted_at = models.DateTimeField(_("drafted"))
    approved_by = models.CharField(_("approved by"), max_length=64, blank=True)
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)

    class Meta:
        verbose_name = _("training plan")
        verbose_name_plural = _("training plans")
        ordering = ("-year",)
        default_permissions = ("view",)
        permissions = [("approve_plan", "May approve a training plan")]
        constraints = [
            models.CheckConstraint(
                name="training_plan_is_approved_by_another",
                condition=Q(approved_by="") | ~Q(approved_by=F("drafted_by")),
            ),
        ]

    def __str__(self) -> str:
        return str(self.year)


class Course(models.Model):
    """What is taught: the material to read, and a short quiz with its pass mark. Outside courses have neither.

    ``questions`` is a list of ``{"text_ko", "text_en", "choices": [{"ko", "en"}, …], "right": index}``.
    """

    record_label = "workforce.Course"

    class Kind(models.TextChoices):
        IN_HOUSE = "in-house", _("in-house")
        OUTSIDE = "outside", _("outside")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.SlugField(_("code"), max_length=40, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.IN_HOUSE)
    title_ko = models.CharField(_("title (Korean)"), max_length=120)
    title_en = models.CharField(_("title (English)"), max_length=120)
    material_ko = models.TextField(_("material (Korean)"), blank=True)
    material_en = models.TextField(_("material (English)"), blank=True)
    questions = models.JSONField(_("questions"), default=list, blank=True)
    pass_mark = models.PositiveSmallIntegerField(_("pass mark (percent)"), default=80)
    offered_from = models.DateField(_("offered from"))
    offered_until = models.DateField(_("offered until"), null=True, blank=True)

    class Meta:
        verbose_name = _("course")
        verbose_name_plural = _("courses")
        ordering = ("title_ko",)
        default_permissions = ("view",)
        permissions = [("keep_training", "May keep courses, sessions and attendance")]
        constraints = [
            models.CheckConstraint(name="course_pass_mark_is_a_percentage", condition=Q(pass_mark__lte=100)),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return self.title_en if (get_language() or "ko").startswith("en") else self.title_ko

    @property
    def material(self) -> str:
        return self.material_en if (get_language() or "ko").startswith("en") else self.material_ko

    @property
    def has_quiz(self) -> bool:
        return bool(self.questions)

    def asked(self) -> list[dict[str, Any]]:
        """The questions in the reader's language, without their answers."""
        language = reader_language()
        return [
            {"text": question[f"text_{language}"], "choices": [choice[language] for choice in question["choices"]]}
            for question in self.questions
        ]

    def is_offered(self, on: date) -> bool:
        return self.offered_from <= on and (self.offered_until is None or on <= self.offered_until)


class TrainingSession(models.Model):
    """One holding of a course on a day."""

    record_label = "workforce.TrainingSession"

    class State(models.TextChoices):
        PLANNED = "planned", _("planned")
        HELD = "completed", _("held")
        CANCELLED = "cancelled", _("cancelled")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    plan = models.ForeignKey(
        TrainingPlan, on_delete=models.PROTECT, related_name="sessions", verbose_name=_("plan"), null=True, blank=True
    )
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="sessions", verbose_name=_("course"))
    held_on = models.DateField(_("day"))
    place = models.CharField(_("place"), max_length=120)
    trainer = models.CharField(_("trainer"), max_length=120)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PLANNED)

    class Meta:
        verbose_name = _("training session")
        verbose_name_plural = _("training sessions")
        ordering = ("-held_on",)
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.course.title} {self.held_on}"


class CourseCompletionQuerySet(models.QuerySet["CourseCompletion"]):
    def valid(self, *, on: date) -> CourseCompletionQuerySet:
        """Trainings that hold on a day: from the day of completion to their last day, both included."""
        return self.filter(completed_on__lte=on, valid_until__gte=on)


class CourseCompletion(models.Model):
    """Somebody completed a course: by quiz, by attending a session, or outside with a certificate. Never changed."""

    record_label = "workforce.CourseCompletion"

    class Method(models.TextChoices):
        QUIZ = "quiz", _("read and passed the quiz")
        SESSION = "session", _("attended the session")
        CERTIFICATE = "certificate", _("certificate of an outside course")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=12, unique=True, default=new_completion_reference)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="trainings", verbose_name=_("account"))
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="attendances", verbose_name=_("course"))
    session = models.ForeignKey(
        TrainingSession,
        on_delete=models.PROTECT,
        related_name="attendances",
        verbose_name=_("session"),
        null=True,
        blank=True,
    )
    method = models.CharField(_("how"), max_length=12, choices=Method)
    score = models.PositiveSmallIntegerField(_("score (percent)"), null=True, blank=True)
    completed_on = models.DateField(_("completed"))
    recorded_at = models.DateTimeField(_("recorded"))
    valid_until = models.DateField(_("valid until"))
    registered_by = models.CharField(_("registered by"), max_length=64)
    certificate_id = models.UUIDField(pgettext_lazy("training", "certificate"), null=True, blank=True)
    certificate_digest = models.CharField(_("SHA-256 of the certificate"), max_length=64, blank=True)

    objects = CourseCompletionQuerySet.as_manager()

    class Meta:
        verbose_name = _("completed training")
        verbose_name_plural = _("completed training")
        ordering = ("-completed_on", "-recorded_at")
        default_permissions = ("view",)
        indexes = [models.Index(fields=["user", "valid_until"], name="trainings_of_a_person")]
        constraints = [
            models.UniqueConstraint(name="once_in_a_session", fields=["user", "session"]),
            models.CheckConstraint(
                name="outside_training_has_its_certificate",
                condition=~Q(method="certificate") | (Q(certificate_id__isnull=False) & ~Q(certificate_digest="")),
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class QuizAttempt(models.Model):
    """One try at the quiz of a course, passed or not."""

    record_label = "workforce.QuizAttempt"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="attempts", verbose_name=_("account"))
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="attempts", verbose_name=_("course"))
    taken_at = models.DateTimeField(pgettext_lazy("test", "taken"))
    answers = models.JSONField(_("answers"))
    score = models.PositiveSmallIntegerField(_("score (percent)"))
    is_passed = models.BooleanField(_("passed"))

    class Meta:
        verbose_name = _("quiz attempt")
        verbose_name_plural = _("quiz attempts")
        ordering = ("-taken_at",)
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.course.code} {self.score} %"
