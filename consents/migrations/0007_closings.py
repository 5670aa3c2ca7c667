"""A withdrawn consent is told to every process that keeps in memory what stands open (decision 0044).

A change of an agreement itself, of what it covers, closes for everybody: it is asked anew of all.
"""

from django.db import migrations

from privacy.lib import closings

TABLE = "vault_closing"
AGREED = "SELECT array_agg(DISTINCT subject_id) FROM closed WHERE choice = 'agree'"
TRIGGERS = [
    closings.trigger(
        TABLE, on="consents_standing", name="consents_closes_changed", event="UPDATE", rows="OLD TABLE AS closed",
        statement=AGREED,
    ),
    closings.trigger(
        TABLE, on="consents_standing", name="consents_closes_removed", event="DELETE", rows="OLD TABLE AS closed",
        statement=AGREED,
    ),
    closings.trigger(TABLE, on="consents_standing", name="consents_closes_emptied", event="TRUNCATE"),
    closings.trigger(
        TABLE, on="consents_agreement", name="consents_closes_agreement", event="UPDATE OR DELETE",
        statement="SELECT ARRAY[NULL::uuid]",
    ),
]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("consents", "0006_the_few_are_found_at_once"), ("vault", "0006_closings")]

    operations = [migrations.RunSQL(make, unmake, hints={"database": "default"}) for make, unmake in TRIGGERS]
