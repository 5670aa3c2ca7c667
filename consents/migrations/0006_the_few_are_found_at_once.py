"""Among millions of rows of one kind the console finds the few of another by an index of their own."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("consents", "0005_decisions_in_order")]

    operations = [
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(
                fields=["choice", "recorded_at", "id"],
                condition=~Q(choice="agree"),
                name="consents_other_decisions",
            ),
        ),
        migrations.AddIndex(
            model_name="standing",
            index=models.Index(
                fields=["choice", "id"], condition=~Q(choice="agree"), name="consents_standing_otherwise"
            ),
        ),
        migrations.AddIndex(
            model_name="standing",
            index=models.Index(
                fields=["agreement", "decided_at"], condition=Q(choice="agree"), name="consents_agreed_by_day"
            ),
        ),
        migrations.AddIndex(
            model_name="advertisingnotice",
            index=models.Index(
                fields=["sent_at"],
                condition=Q(kind="confirmation", sent_at__isnull=False),
                name="consents_confirmations_sent",
            ),
        ),
        migrations.AddIndex(
            model_name="advertisingnotice",
            index=models.Index(fields=["due_on", "id"], name="consents_notices_in_order"),
        ),
        migrations.AddIndex(
            model_name="advertisingnotice",
            index=models.Index(fields=["state", "due_on", "id"], name="consents_notices_by_state"),
        ),
    ]
