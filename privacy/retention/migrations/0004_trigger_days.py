"""A list and its row in the register keep when the reason for the destruction arose for the last it names.

Rows from before keep what they have: their day is the one after the look before.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("retention", "0003_orders")]

    operations = [
        migrations.AddField(
            model_name=model,
            name="trigger_until",
            field=models.DateField(blank=True, null=True, verbose_name="reason arose, last"),
        )
        for model in ("destructionlist", "registerentry")
    ]
