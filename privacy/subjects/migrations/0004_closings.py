"""Who withdraws, or is destroyed, is told to every process that keeps in memory what stands open (decision 0044)."""

from django.db import migrations

from privacy.lib import closings

TABLE = "vault_closing"
TRIGGERS = [
    closings.trigger(
        TABLE, on="subjects_subject", name="subjects_closes_changed", event="UPDATE",
        rows="OLD TABLE AS closed NEW TABLE AS standing",
        statement="SELECT array_agg(id) FROM closed WHERE id NOT IN (SELECT id FROM standing WHERE state = 'active')",
    ),
    closings.trigger(
        TABLE, on="subjects_subject", name="subjects_closes_removed", event="DELETE", rows="OLD TABLE AS closed",
        statement="SELECT array_agg(id) FROM closed",
    ),
    closings.trigger(TABLE, on="subjects_subject", name="subjects_closes_emptied", event="TRUNCATE"),
]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("subjects", "0003_contacts_are_items_by_kind"), ("vault", "0006_closings")]

    operations = [migrations.RunSQL(make, unmake) for make, unmake in TRIGGERS]
