"""Freezes and destroyed keys are told to every process that keeps in memory what stands open (decision 0044)."""

from django.db import migrations

from privacy.lib import closings

TABLE = "vault_closing"
SUBJECTS = "SELECT array_agg(DISTINCT subject_id) FROM closed"
TRIGGERS = [
    closings.trigger(
        TABLE, on="vault_freeze", name="vault_closes_frozen", event="INSERT", rows="NEW TABLE AS closed",
        statement=SUBJECTS,
    ),
    closings.trigger(
        TABLE, on="vault_freeze", name="vault_closes_changed", event="UPDATE", rows="NEW TABLE AS closed",
        statement=SUBJECTS,
    ),
    # The key of a month is everybody's.
    closings.trigger(
        TABLE, on="vault_tombstone", name="vault_closes_destroyed", event="INSERT", rows="NEW TABLE AS closed",
        statement=SUBJECTS,
    ),
]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("vault", "0005_one_index_for_certificates")]

    operations = [
        migrations.RunSQL(closings.TABLE.format(table=TABLE), closings.UNMAKE_TABLE.format(table=TABLE)),
        *[migrations.RunSQL(make, unmake) for make, unmake in TRIGGERS],
    ]
