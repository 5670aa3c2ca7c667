"""The console lists a million licences by the day they end, page by page: the order needs an index of its own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("devices", "0008_closed_months_in_order")]

    operations = [
        migrations.AddIndex(
            model_name="licence",
            index=models.Index(fields=["ends_on", "id"], name="devices_licences_in_order"),
        ),
    ]
