"""Suspended data is dealt with anew in each act of its right; suspensions that stand get a term from this day on."""

import django.db.models.deletion
from django.db import migrations, models

# What was decided before the last carrying out was decided in an act that has no name any more: it gets one of its own.
FILL = """
UPDATE rights_suspensionmeasure m
SET event_id = CASE WHEN r.carried_out_at IS NULL OR m.decided_at < r.carried_out_at
    THEN gen_random_uuid() ELSE r.event_id END
FROM rights_right r WHERE r.id = m.right_id
"""
BEGIN = """
INSERT INTO rights_suspensionmeasure (id, right_id, event_id, due_on, reason, decided_by)
SELECT gen_random_uuid(), r.id, r.event_id, today.day + (
    SELECT p.value FROM policies_parameter p WHERE p.code = 'destruction.within.days' AND p.effective_on <= today.day
    ORDER BY p.effective_on DESC LIMIT 1), '', ''
FROM rights_right r, (SELECT (now() AT TIME ZONE 'Asia/Seoul')::date) AS today (day)
WHERE r.kind = 'suspension' AND r.carried_out_at IS NOT NULL AND r.resumed_at IS NULL
  AND EXISTS (SELECT FROM rights_caseperson c WHERE c.request_id = r.request_id)
  AND NOT EXISTS (SELECT FROM rights_suspensionmeasure m WHERE m.right_id = r.id AND m.event_id = r.event_id)
"""


class Migration(migrations.Migration):
    dependencies = [("rights", "0011_forwardings_of_an_act"), ("policies", "0003_data")]

    operations = [
        migrations.AlterField(
            model_name="suspensionmeasure",
            name="right",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="measures",
                to="rights.right",
                verbose_name="right",
            ),
        ),
        migrations.AddField(
            model_name="suspensionmeasure", name="event_id", field=models.UUIDField(verbose_name="event", null=True)
        ),
        migrations.RunSQL(FILL),
        migrations.AlterField(
            model_name="suspensionmeasure", name="event_id", field=models.UUIDField(verbose_name="event")
        ),
        migrations.AddConstraint(
            model_name="suspensionmeasure",
            constraint=models.UniqueConstraint(fields=("right", "event_id"), name="rights_one_measure_for_an_act"),
        ),
        migrations.RunSQL(BEGIN),
    ]
