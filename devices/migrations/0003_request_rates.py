"""Requests counted by token and minute, for the rate limit. Not logged: after a crash the counting starts anew."""

from django.db import migrations

MAKE = """
CREATE UNLOGGED TABLE devices_request_rate (
    token_id uuid NOT NULL,
    minute timestamptz NOT NULL,
    requests integer NOT NULL,
    PRIMARY KEY (token_id, minute)
) WITH (fillfactor = 50);
"""


class Migration(migrations.Migration):
    dependencies = [("devices", "0002_reports_by_month")]

    operations = [
        migrations.RunSQL(MAKE, "DROP TABLE devices_request_rate", hints={"database": "default"}),
    ]
