"""A question that goes out late gives no longer until the next one (law C-19, ICN-D 62-3(1))."""

from django.db import migrations, models

# Of those that went out late already, but for whatever the next question could take the place of.
LATE = """
UPDATE consents_advertisingnotice
SET counted_from = (due_on + 1)::timestamp AT TIME ZONE 'Asia/Seoul'
WHERE kind = 'confirmation' AND sent_at IS NOT NULL
  AND (sent_at AT TIME ZONE 'Asia/Seoul')::date > due_on
  AND (sent_at AT TIME ZONE 'Asia/Seoul')::date < (due_on + interval '2 years')::date - 30
"""


def count(apps, schema_editor):
    if schema_editor.connection.alias == "default":
        schema_editor.execute(LATE)


class Migration(migrations.Migration):

    dependencies = [
        ('consents', '0009_question_template'),
    ]

    operations = [
        migrations.AddField(
            model_name='advertisingnotice',
            name='counted_from',
            field=models.DateTimeField(blank=True, null=True, verbose_name='next term counted from'),
        ),
        migrations.RunPython(count),
        migrations.AddIndex(
            model_name='advertisingnotice',
            index=models.Index(condition=models.Q(('counted_from__isnull', False)), fields=['counted_from'], name='consents_confirmations_late'),
        ),
        migrations.AddConstraint(
            model_name='advertisingnotice',
            constraint=models.CheckConstraint(condition=models.Q(('counted_from', None), models.Q(('counted_from__lte', models.F('sent_at')), ('kind', 'confirmation'), ('sent_at__isnull', False)), _connector='OR'), name='consents_notice_counted_from_before_it_was_sent'),
        ),
    ]
