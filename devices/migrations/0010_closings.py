"""A device whose service ended, or that another gateway speaks for, is told to every process (decision 0044)."""

from django.db import migrations

from privacy.lib import closings

TABLE = "devices_closing"
PERSONAL = {"database": "personal"}
TRIGGERS = [
    closings.trigger(
        TABLE, on="devices_device", name="devices_closes_changed", event="UPDATE",
        rows="OLD TABLE AS closed NEW TABLE AS standing",
        statement=(
            "SELECT array_agg(id) FROM closed WHERE (id, gateway_id) NOT IN"
            " (SELECT id, gateway_id FROM standing WHERE service_ended_on IS NULL)"
        ),
    ),
    closings.trigger(
        TABLE, on="devices_device", name="devices_closes_removed", event="DELETE", rows="OLD TABLE AS closed",
        statement="SELECT array_agg(id) FROM closed",
    ),
    closings.trigger(TABLE, on="devices_device", name="devices_closes_emptied", event="TRUNCATE"),
]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("devices", "0009_licences_in_order"), ("vault", "0006_closings")]

    operations = [
        migrations.RunSQL(
            closings.TABLE.format(table=TABLE), closings.UNMAKE_TABLE.format(table=TABLE), hints=PERSONAL
        ),
        *[migrations.RunSQL(make, unmake, hints=PERSONAL) for make, unmake in TRIGGERS],
    ]
