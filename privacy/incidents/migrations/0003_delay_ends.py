from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('incidents', '0002_guards'),
    ]

    operations = [
        migrations.AddField(
            model_name='incident',
            name='delay_ended_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='reason for the delay ended'),
        ),
        migrations.AddConstraint(
            model_name='incident',
            constraint=models.CheckConstraint(condition=models.Q(('delay_ended_at', None), models.Q(('delay', ''), _negated=True), _connector='OR'), name='incident_delay_ends_only_where_there_is_one'),
        ),
    ]
