from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('retention', '0008_reasons_of_late_destructions'),
    ]

    operations = [
        migrations.AddField(
            model_name='paperdestruction',
            name='due_since',
            field=models.DateField(blank=True, null=True, verbose_name='due since'),
        ),
        migrations.AddConstraint(
            model_name='paperdestruction',
            constraint=models.CheckConstraint(condition=models.Q(('due_since', None), ('due_since__lte', models.F('destroyed_on')), _connector='OR'), name='retention_paper_due_before_destroyed'),
        ),
    ]
