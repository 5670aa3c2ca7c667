"""The officer's name in Latin letters, which English pages print; whoever is designated now is asked for it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("policies", "0003_data")]

    operations = [
        migrations.AddField(
            model_name="officer",
            name="name_en",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=120, verbose_name="name in Latin letters"
            ),
        ),
    ]
