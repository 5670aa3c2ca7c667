"""A request is passed on in one act of its right, on a day; and a controller may not answer."""

from django.db import migrations, models
from django.db.models import Q

# What was passed on before an objection was upheld belongs to an act that has no name any more: it gets one of its own.
FILL = """
UPDATE rights_forwarding f
SET passed_on_on = (f.passed_on_at AT TIME ZONE 'Asia/Seoul')::date,
    event_id = CASE WHEN EXISTS (
        SELECT FROM rights_objection o WHERE o.right_id = f.right_id AND o.outcome IN ('upheld', 'partly-upheld')
           AND o.reviewed_at > f.passed_on_at) THEN gen_random_uuid() ELSE r.event_id END
FROM rights_right r WHERE r.id = f.right_id
"""


class Migration(migrations.Migration):
    dependencies = [("rights", "0010_objection_documents")]

    operations = [
        migrations.AlterModelOptions(
            name="forwarding",
            options={
                "default_permissions": (),
                "ordering": ["passed_on_on", "id"],
                "verbose_name": "request passed on",
                "verbose_name_plural": "requests passed on",
            },
        ),
        migrations.RemoveConstraint(model_name="forwarding", name="rights_passed_on_once_to_a_controller"),
        migrations.RemoveConstraint(model_name="forwarding", name="rights_controller_answer_is_whole"),
        migrations.AddField(
            model_name="forwarding", name="event_id", field=models.UUIDField(verbose_name="event", null=True)
        ),
        migrations.AddField(
            model_name="forwarding",
            name="passed_on_on",
            field=models.DateField(verbose_name="day of passing on", null=True),
        ),
        migrations.RunSQL(FILL),
        migrations.AlterField(
            model_name="forwarding", name="event_id", field=models.UUIDField(verbose_name="event")
        ),
        migrations.AlterField(
            model_name="forwarding", name="passed_on_on", field=models.DateField(verbose_name="day of passing on")
        ),
        migrations.AlterField(
            model_name="forwarding",
            name="passed_on_at",
            field=models.DateTimeField(verbose_name="passing on recorded"),
        ),
        migrations.AlterField(
            model_name="forwarding",
            name="answer",
            field=models.CharField(
                blank=True,
                choices=[
                    ("corrected", "it corrected the data"),
                    ("deleted", "it deleted the data"),
                    ("kept", "it left the data as it is"),
                    ("none", "it has not answered"),
                ],
                max_length=10,
                verbose_name="what the controller did",
            ),
        ),
        migrations.AddConstraint(
            model_name="forwarding",
            constraint=models.UniqueConstraint(
                fields=("right", "event_id", "controller"), name="rights_passed_on_once_to_a_controller"
            ),
        ),
        migrations.AddConstraint(
            model_name="forwarding",
            constraint=models.CheckConstraint(
                condition=Q(answer="", answered_on=None, answer_recorded_by="")
                | (Q(answer="none", answered_on=None) & ~Q(answer_recorded_by=""))
                | (~Q(answer__in=["", "none"]) & Q(answered_on__isnull=False) & ~Q(answer_recorded_by="")),
                name="rights_controller_answer_is_whole",
            ),
        ),
    ]
