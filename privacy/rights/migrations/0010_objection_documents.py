"""How many documents came with an objection."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('rights', '0009_mandates'),
    ]

    operations = [
        migrations.AddField(
            model_name='objection',
            name='documents',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name='documents sent with it'),
        ),
    ]
