"""The steps of a line rewrite it within its page: twenty thousand lines took half a second of the act, now a fifth.

A page is filled by half when lines are written, so the next version fits beside the last; no index names the state.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('retention', '0005_findings_of_other_apps'),
    ]

    operations = [
        # First: adding the column writes the table anew, with the room.
        migrations.RunSQL(
            "ALTER TABLE retention_destructionline SET (fillfactor = 50)",
            "ALTER TABLE retention_destructionline RESET (fillfactor)",
        ),
        migrations.RemoveConstraint(
            model_name='destructionline',
            name='retention_person_once_on_open_lists',
        ),
        migrations.RemoveIndex(
            model_name='destructionline',
            name='retention_lines_by_state',
        ),
        migrations.AddField(
            model_name='destructionline',
            name='is_open',
            field=models.GeneratedField(db_persist=True, expression=models.ExpressionWrapper(models.Q(('state__in', ('planned', 'keyed', 'counted'))), output_field=models.BooleanField()), output_field=models.BooleanField(), verbose_name='unfinished'),
        ),
        migrations.AlterField(
            model_name='destructionline',
            name='list',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='retention.destructionlist'),
        ),
        migrations.AddIndex(
            model_name='destructionline',
            index=models.Index(fields=['list', 'subject_id'], name='retention_lines_of_a_list'),
        ),
        migrations.AddConstraint(
            model_name='destructionline',
            constraint=models.UniqueConstraint(condition=models.Q(('is_open', True)), fields=('subject_id', 'category'), name='retention_person_once_on_open_lists'),
        ),
    ]
