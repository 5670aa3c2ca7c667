"""A month that is made is watched from its first moment: before, it was after the next migration.

The capture stands on each partition by itself, so that a write past the parent leaves a touch too (omission control).
"""

from django.db import migrations

BEFORE = """
CREATE OR REPLACE FUNCTION devices_make_month(parent text, month date) RETURNS boolean
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
"""

WATCH = """
    -- A statement's trigger of the parent says nothing of what is written into the month itself.
    IF to_regprocedure('ledger.watch(regclass)') IS NOT NULL THEN
        EXECUTE format('SELECT ledger.watch(%L)', 'public.' || part);
    END IF;
    RETURN true;
"""

MAKE = BEFORE.replace("\n    RETURN true;\n", WATCH)


class Migration(migrations.Migration):
    dependencies = [("devices", "0010_closings")]

    operations = [migrations.RunSQL(MAKE, BEFORE, hints={"database": "personal"})]
