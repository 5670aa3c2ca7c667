"""The console lists millions of decisions by time, page by page: an index whose parts run in one direction."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("consents", "0004_decisions_counted_by_day")]

    operations = [
        migrations.RemoveIndex(model_name="decision", name="consents_decisions_by_time"),
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(fields=["recorded_at", "id"], name="consents_decisions_in_order"),
        ),
    ]
