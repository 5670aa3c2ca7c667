"""An answer keeps what it said, whatever is decided later."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rights", "0004_notes_of_the_office")]

    operations = [
        migrations.AddField(
            model_name="letter",
            name="told",
            field=models.JSONField(default=dict, verbose_name="what it says"),
        ),
    ]
