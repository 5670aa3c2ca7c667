"""Which rights a result tells, and by which day each was owed when it went out."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('rights', '0019_automated_two_people'),
    ]

    operations = [
        migrations.AddField(
            model_name='letter',
            name='answers',
            field=models.JSONField(blank=True, db_default={}, default=dict, verbose_name='rights that it answers'),
        ),
    ]
