"""Labels say in plain English what they mean; nothing in the tables changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("safeguards", "0022_inspections_keep_their_people"),
    ]

    operations = [
        migrations.AlterField(
            model_name="assessmentrisk",
            name="remaining",
            field=models.PositiveSmallIntegerField(
                choices=[(1, "low"), (2, "medium"), (3, "high")], verbose_name="risk that remains after the measure"
            ),
        ),
    ]
