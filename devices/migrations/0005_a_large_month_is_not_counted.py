"""Dropping a large month tells the planner's estimate of its rows: counting them took as long as dropping them.

The exact number stands on the destruction list, which counted it when the month was proposed (P6.3, P7.1).
"""

from django.db import migrations

DROP = """
CREATE OR REPLACE FUNCTION devices_drop_month(parent text, month date) RETURNS bigint
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
    SELECT reltuples::bigint INTO removed FROM pg_class WHERE oid = to_regclass('public.' || part);
    IF removed < 100000 THEN
        EXECUTE format('SELECT count(*) FROM public.%I', part) INTO removed;
    END IF;
    EXECUTE format('DROP TABLE public.%I', part);
    RETURN removed;
END $$;
"""

BEFORE = DROP.replace("SELECT reltuples::bigint INTO removed FROM pg_class WHERE oid = to_regclass('public.' || part);", "removed := 0;")


class Migration(migrations.Migration):
    dependencies = [("devices", "0004_daily_figures")]

    operations = [migrations.RunSQL(DROP, BEFORE, hints={"database": "personal"})]
