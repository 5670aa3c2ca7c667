"""A report's kind says which item of the policy its body is, so that a freeze of one item leaves the others."""

import privacy.vault.fields
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("devices", "0005_a_large_month_is_not_counted")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="report",
                    name="body",
                    field=privacy.vault.fields.SealedJSONField(item_from="kind"),
                ),
            ]
        )
    ]
