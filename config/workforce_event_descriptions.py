"""What the workforce's words on the audit trail say, in a sentence."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

WORKFORCE_EVENT_DESCRIPTIONS: dict[str, Promise | str] = {
    "workforce.text.drafted": gettext_lazy("Pledge text drafted"),
    "workforce.text.approved": gettext_lazy("Pledge text approved"),
    "workforce.text.discarded": gettext_lazy("Pledge draft discarded"),
    "workforce.pledge.signed": gettext_lazy("Security pledge signed"),
    "workforce.pledge.registered": gettext_lazy("Pledge on paper registered"),
    "workforce.pledge.printed": gettext_lazy("Pledge printed"),
    "workforce.plan.drafted": gettext_lazy("Training plan drafted"),
    "workforce.plan.approved": gettext_lazy("Training plan approved"),
    "workforce.course.offered": gettext_lazy("Course offered"),
    "workforce.course.ended": gettext_lazy("Course ended"),
    "workforce.session.planned": gettext_lazy("Training session planned"),
    "workforce.session.cancelled": gettext_lazy("Training session cancelled"),
    "workforce.quiz.failed": gettext_lazy("Quiz not passed"),
    "workforce.training.completed": gettext_lazy("Training completed"),
    "workforce.training.registered": gettext_lazy("Training registered"),
    "workforce.certificate.read": gettext_lazy("Training certificate opened"),
    "workforce.certificate.removed": gettext_lazy("Training certificate removed"),
    "workforce.letter.recorded": gettext_lazy("Letter of the representative recorded"),
    "workforce.letter.read": gettext_lazy("Letter of the representative read"),
    "workforce.letter.confirmed": gettext_lazy("Letter of the representative confirmed"),
    "workforce.letter.refused": gettext_lazy("Letter of the representative refused"),
    "workforce.reminder.asked": gettext_lazy("Reminder of pledge and training asked for"),
    "workforce.reminder.sent": gettext_lazy("Pledge and training reminder sent"),
}
