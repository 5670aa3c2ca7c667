"""Reports in tables partitioned by the month of the event in Korea, and the functions that make, order and drop months.

The functions belong to the owner, so that the portal can make a month ahead or drop a finished one without owning
tables. A month is made beside its table and attached: intake goes on meanwhile.
"""

from django.db import migrations

REPORTS = """
CREATE TABLE devices_report (
    id uuid NOT NULL,
    device_id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    kind varchar(16) NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (device_id, occurred_at, id)
) PARTITION BY RANGE (occurred_at);
-- Ciphertext does not compress.
ALTER TABLE devices_report ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE devices_applog (
    id uuid NOT NULL,
    device_id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    kind varchar(16) NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (device_id, occurred_at, id)
) PARTITION BY RANGE (occurred_at);
-- Ciphertext does not compress.
ALTER TABLE devices_applog ALTER COLUMN body SET STORAGE EXTERNAL;
"""

# The capture stands on each month by itself, so that a write past the parent is captured too (omission control).
MAKE_MONTH = """
CREATE FUNCTION devices_make_month(parent text, month date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
    -- A statement's trigger of the parent says nothing of what is written into the month itself.
    IF to_regprocedure('ledger.install_write_capture(regclass, jsonb)') IS NOT NULL THEN
        EXECUTE format('SELECT ledger.install_write_capture(%L)', 'public.' || part);
    END IF;
    -- Intake copies reports straight into the month, and reads none; what is changed or removed goes by the parent.
    EXECUTE format('GRANT INSERT ON public.%I TO portal_intake', part);
    EXECUTE format('GRANT SELECT ON public.%I TO portal_app, portal_worker', part);
    RETURN true;
END $$;
REVOKE ALL ON FUNCTION devices_make_month(text, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION devices_make_month(text, date) TO portal_worker;
"""

# After the rights of all tables were given anew.
GRANT_MONTHS = """
CREATE FUNCTION devices_grant_months(parent text) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    part text;
    granted integer := 0;
BEGIN
    FOR part IN SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = parent::regclass LOOP
        EXECUTE format('GRANT INSERT ON %s TO portal_intake', part);
        EXECUTE format('GRANT SELECT ON %s TO portal_app, portal_worker', part);
        granted := granted + 1;
    END LOOP;
    RETURN granted;
END $$;
REVOKE ALL ON FUNCTION devices_grant_months(text) FROM PUBLIC;
"""

# A large month is not counted: how many rows went is estimated.
DROP_MONTH = """
CREATE FUNCTION devices_drop_month(parent text, month date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
    -- So that the capture tells of it: dropping a table fires no trigger.
    EXECUTE format('TRUNCATE public.%I', part);
    EXECUTE format('DROP TABLE public.%I', part);
    RETURN removed;
END $$;
REVOKE ALL ON FUNCTION devices_drop_month(text, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION devices_drop_month(text, date) TO portal_worker;
"""

# One device's reports then lie side by side: reading or erasing its ten thousand rows in a closed month takes a
# twentieth of the time (performance.md).
ORDER_MONTH = """
CREATE FUNCTION devices_order_month(parent text, month date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET statement_timeout = 0 AS $$
DECLARE
    part regclass := to_regclass(format('public.%I', format('%s_%s', parent, to_char(month, 'YYYY_MM'))));
    key regclass;
BEGIN
    IF parent NOT IN ('devices_report', 'devices_applog') OR month <> date_trunc('month', month) THEN
        RAISE EXCEPTION 'no such table or month: % %', parent, month;
    END IF;
    IF (month + interval '1 month') AT TIME ZONE 'Asia/Seoul' > now() THEN
        RAISE EXCEPTION 'a month that goes on is not put in order: %', month;
    END IF;
    SELECT indexrelid INTO key FROM pg_index WHERE indrelid = part AND indisprimary AND NOT indisclustered;
    IF key IS NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CLUSTER %s USING %I', part, (SELECT relname FROM pg_class WHERE oid = key));
    EXECUTE format('ANALYZE %s', part);
    RETURN true;
END $$;
REVOKE ALL ON FUNCTION devices_order_month(text, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION devices_order_month(text, date) TO portal_worker;
"""

# Thirteen months back, for what was collected before the portal stood, and three ahead; a job goes on from there.
FIRST_MONTHS = """
SELECT devices_make_month(parent, (date_trunc('month', now() AT TIME ZONE 'Asia/Seoul') + step * interval '1 month')::date)
FROM unnest(ARRAY['devices_report', 'devices_applog']) AS parent, generate_series(-13, 3) AS step;
"""

# Requests counted by token and minute, for the rate limit. Not logged: after a crash the counting starts anew.
REQUEST_RATE = """
CREATE UNLOGGED TABLE devices_request_rate (
    token_id uuid NOT NULL,
    minute timestamptz NOT NULL,
    requests integer NOT NULL,
    PRIMARY KEY (token_id, minute)
) WITH (fillfactor = 50);
"""

# A device whose service ended, or that another gateway speaks for, is told to every process (decision 0044).
INVALIDATION = """
CREATE TABLE devices_invalidation (
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL DEFAULT now(),
    subjects uuid[]
);
CREATE INDEX devices_invalidation_xid ON devices_invalidation (xid);
COMMENT ON TABLE devices_invalidation IS 'Who was closed, for caches that must hear of it; without subjects: everybody.';

-- The statement of a trigger names the people concerned; with more than so many, or a NULL among them, it is everybody.
CREATE FUNCTION devices_invalidation_record() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    whom uuid[];
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO public.devices_invalidation DEFAULT VALUES;
        RETURN NULL;
    END IF;
    EXECUTE TG_ARGV[0] INTO whom;
    IF cardinality(whom) > 0 THEN
        INSERT INTO public.devices_invalidation (subjects) VALUES (
            CASE WHEN cardinality(whom) <= 1000 AND array_position(whom, NULL) IS NULL THEN whom END
        );
    END IF;
    RETURN NULL;
END $$;

-- A row of a number that no transaction here has reached came with a restored dump.
CREATE FUNCTION devices_invalidation_prune() RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    pruned bigint;
BEGIN
    DELETE FROM public.devices_invalidation
    WHERE at < now() - interval '7 days' OR xid >= pg_snapshot_xmax(pg_current_snapshot());
    GET DIAGNOSTICS pruned = ROW_COUNT;
    RETURN pruned;
END $$;

REVOKE ALL ON FUNCTION devices_invalidation_record(), devices_invalidation_prune() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION devices_invalidation_prune() TO portal_worker;

CREATE TRIGGER devices_invalidates_changed AFTER UPDATE ON devices_device REFERENCING OLD TABLE AS closed NEW TABLE AS standing
    FOR EACH STATEMENT EXECUTE FUNCTION devices_invalidation_record(
        'SELECT array_agg(id) FROM closed WHERE (id, gateway_id) NOT IN (SELECT id, gateway_id FROM standing WHERE service_ended_on IS NULL)');
ALTER TABLE devices_device ENABLE ALWAYS TRIGGER devices_invalidates_changed;

CREATE TRIGGER devices_invalidates_removed AFTER DELETE ON devices_device REFERENCING OLD TABLE AS closed
    FOR EACH STATEMENT EXECUTE FUNCTION devices_invalidation_record('SELECT array_agg(id) FROM closed');
ALTER TABLE devices_device ENABLE ALWAYS TRIGGER devices_invalidates_removed;

CREATE TRIGGER devices_invalidates_emptied AFTER TRUNCATE ON devices_device
    FOR EACH STATEMENT EXECUTE FUNCTION devices_invalidation_record();
ALTER TABLE devices_device ENABLE ALWAYS TRIGGER devices_invalidates_emptied;
"""

# Whoever has a token speaks for every device of its gateway: it works once a second officer has approved it (0167).
TOKENS = """
CREATE TRIGGER devices_token_has_two_people BEFORE INSERT OR UPDATE ON devices_gatewaytoken
    FOR EACH ROW WHEN (NEW.approved_at IS NOT NULL AND NEW.approved_by <> NEW.issued_by)
    EXECUTE FUNCTION accounts_approved_by_second_person('approved_by', 'approved_at', 'issued_by');

-- One that ended, or was revoked, does not come back.
CREATE FUNCTION devices_token_lasts_no_longer() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF pg_has_role(current_user, 'portal_app', 'MEMBER') THEN
        RAISE EXCEPTION 'devices_token_lasts_no_longer' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'devices_token_lasts_no_longer';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER devices_token_lasts_no_longer BEFORE UPDATE ON devices_gatewaytoken
    FOR EACH ROW WHEN (NEW.expires_at > OLD.expires_at) EXECUTE FUNCTION devices_token_lasts_no_longer();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_guards"),
        ("devices", "0001_schema"),
        ("ledger", "0002_tables_and_guards"),
    ]

    operations = [
        migrations.RunSQL(
            REPORTS + MAKE_MONTH + GRANT_MONTHS + DROP_MONTH + ORDER_MONTH + FIRST_MONTHS + INVALIDATION,
            hints={"database": "personal"},
        ),
        migrations.RunSQL(REQUEST_RATE),
        migrations.RunSQL(TOKENS),
    ]
