"""A form of the console makes its record once: the key of each sending, taken before the record is made."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_apps_count_their_codes")]
    operations = [
        migrations.CreateModel(
            name="SentForm",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("record_id", models.UUIDField(null=True)),
                ("sent_at", models.DateTimeField()),
            ],
            options={"verbose_name": "sent form", "verbose_name_plural": "sent forms", "default_permissions": ()},
        ),
    ]
