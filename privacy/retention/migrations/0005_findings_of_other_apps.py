"""A finding may be of an agreement that another app declared."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("retention", "0004_archived_boxes_are_not_compressed")]

    operations = [
        migrations.AlterField(
            model_name="finding",
            name="kind",
            field=models.CharField(
                choices=[
                    ("orphan", "record of nobody"),
                    ("undead", "record of a destroyed person"),
                    ("keyless", "record without a key"),
                    ("counts", "counts of certificate and ledger differ"),
                    ("unremoved", "record both archived and still in use"),
                    ("stuck", "destruction begun and not finished"),
                    ("declared", "the databases do not agree"),
                ],
                max_length=10,
                verbose_name="kind",
            ),
        ),
    ]
