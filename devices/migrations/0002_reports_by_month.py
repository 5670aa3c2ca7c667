"""Reports in tables partitioned by the month of the event in Korea, and the two functions that make and drop months.

The functions belong to the owner, so that the portal can make a month ahead or drop a finished one without owning
tables. A month is made beside its table and attached: intake goes on meanwhile.
"""

import privacy.lib.ids
import privacy.vault.fields
from django.db import migrations, models

TABLE = """
CREATE TABLE {table} (
    id uuid NOT NULL,
    device_id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    kind varchar(16) NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (device_id, occurred_at, id)
) PARTITION BY RANGE (occurred_at);
-- Ciphertext does not compress.
ALTER TABLE {table} ALTER COLUMN body SET STORAGE EXTERNAL;
"""

MAKE = """
CREATE FUNCTION devices_make_month(parent text, month date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    part text := format('%s_%s', parent, to_char(month, 'YYYY_MM'));
    first timestamptz := month::timestamp AT TIME ZONE 'Asia/Seoul';
    after timestamptz := (month + interval '1 month') AT TIME ZONE 'Asia/Seoul';
BEGIN
    IF parent NOT IN ('devices_report', 'devices_applog') OR month <> date_trunc('month', month) THEN
        RAISE EXCEPTION 'no such table or month: % %', parent, month;
    END IF;
    IF month NOT BETWEEN now() - interval '10 years' AND now() + interval '2 years' THEN
        RAISE EXCEPTION 'a month out of reach: %', month;
    END IF;
    -- One at a time: two workers may want the same month.
    PERFORM pg_advisory_xact_lock(hashtext('devices_make_month'));
    IF EXISTS (SELECT 1 FROM pg_inherits WHERE inhparent = ('public.' || parent)::regclass
               AND inhrelid = to_regclass('public.' || part)) THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING ALL)', part, parent);
    EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                   parent, part, first, after);
    RETURN true;
END $$;
REVOKE ALL ON FUNCTION devices_make_month(text, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION devices_make_month(text, date) TO portal_app;
"""

DROP = """
CREATE FUNCTION devices_drop_month(parent text, month date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    part text := format('%s_%s', parent, to_char(month, 'YYYY_MM'));
    removed bigint;
BEGIN
    IF parent NOT IN ('devices_report', 'devices_applog') OR month <> date_trunc('month', month) THEN
        RAISE EXCEPTION 'no such table or month: % %', parent, month;
    END IF;
    IF (month + interval '1 month') AT TIME ZONE 'Asia/Seoul' > now() THEN
        RAISE EXCEPTION 'a month that is not over is not dropped: %', month;
    END IF;
    IF to_regclass('public.' || part) IS NULL THEN
        RETURN 0;
    END IF;
    EXECUTE format('SELECT count(*) FROM public.%I', part) INTO removed;
    EXECUTE format('DROP TABLE public.%I', part);
    RETURN removed;
END $$;
REVOKE ALL ON FUNCTION devices_drop_month(text, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION devices_drop_month(text, date) TO portal_app;
"""

# Thirteen months back, for what was collected before the portal stood, and three ahead; a job goes on from there.
FIRST_MONTHS = """
SELECT devices_make_month(parent, (date_trunc('month', now() AT TIME ZONE 'Asia/Seoul') + step * interval '1 month')::date)
FROM unnest(ARRAY['devices_report', 'devices_applog']) AS parent, generate_series(-13, 3) AS step;
"""

UNMAKE = """
DROP FUNCTION devices_drop_month(text, date);
DROP FUNCTION devices_make_month(text, date);
DROP TABLE devices_report;
DROP TABLE devices_applog;
"""


class Migration(migrations.Migration):
    dependencies = [("devices", "0001_devices_and_gateways")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    TABLE.format(table="devices_report")
                    + TABLE.format(table="devices_applog")
                    + MAKE
                    + DROP
                    + FIRST_MONTHS,
                    UNMAKE,
                    hints={"database": "personal"},
                )
            ],
            state_operations=[
                migrations.CreateModel(
                    name="Report",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=privacy.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("device_id", models.UUIDField(verbose_name="device")),
                        ("occurred_at", models.DateTimeField(verbose_name="happened")),
                        ("received_at", models.DateTimeField(verbose_name="received")),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("status", "agent status"),
                                    ("activation", "activation time"),
                                    ("access-count", "number of accesses"),
                                    ("access", "access record"),
                                    ("app-status", "service application status"),
                                    ("configuration", "configuration result"),
                                    ("app-log", "app log"),
                                ],
                                max_length=16,
                                verbose_name="kind",
                            ),
                        ),
                        ("body", privacy.vault.fields.SealedJSONField(item="body")),
                    ],
                    options={
                        "verbose_name": "report",
                        "verbose_name_plural": "reports",
                        "default_permissions": ("view",),
                    },
                ),
                migrations.CreateModel(
                    name="AppLog",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                default=privacy.lib.ids.new_id, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("device_id", models.UUIDField(verbose_name="device")),
                        ("occurred_at", models.DateTimeField(verbose_name="happened")),
                        ("received_at", models.DateTimeField(verbose_name="received")),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("status", "agent status"),
                                    ("activation", "activation time"),
                                    ("access-count", "number of accesses"),
                                    ("access", "access record"),
                                    ("app-status", "service application status"),
                                    ("configuration", "configuration result"),
                                    ("app-log", "app log"),
                                ],
                                default="app-log",
                                max_length=16,
                                verbose_name="kind",
                            ),
                        ),
                        ("body", privacy.vault.fields.SealedJSONField(item="app_log")),
                    ],
                    options={
                        "verbose_name": "app log",
                        "verbose_name_plural": "app logs",
                        "default_permissions": ("view",),
                    },
                ),
            ],
        ),
    ]
