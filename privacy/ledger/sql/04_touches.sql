-- Omission control, in each of the three databases: whoever writes into a table with personal data leaves a touch here,
-- also past the portal. At night each touch is paired with the entries of its request; what has none is a finding.

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_ledger') THEN
        IF to_regnamespace('ledger') IS NULL THEN
            CREATE SCHEMA ledger AUTHORIZATION portal_ledger;
        END IF;
        SET LOCAL ROLE portal_ledger;
    ELSE
        CREATE SCHEMA IF NOT EXISTS ledger;
    END IF;
END $$;

CREATE TABLE ledger.touch (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    relation text NOT NULL,
    operation text NOT NULL,
    rows bigint,
    db_user text NOT NULL,
    program text NOT NULL,
    request text NOT NULL
);

CREATE INDEX touch_xid ON ledger.touch (xid);

-- One's own perch: the nightly canary writes here without an entry, and must be found.
CREATE TABLE ledger.perch (
    song text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE FUNCTION ledger.touched() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    counted bigint;
BEGIN
    IF TG_OP <> 'TRUNCATE' THEN
        SELECT count(*) INTO counted FROM touched_rows;
        IF counted = 0 THEN
            RETURN NULL;
        END IF;
    END IF;
    INSERT INTO ledger.touch (relation, operation, rows, db_user, program, request)
        VALUES (TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME, TG_OP, counted, session_user,
                coalesce(current_setting('application_name', true), ''),
                coalesce(current_setting('portal.request', true), ''));
    RETURN NULL;
END $$;

-- The record of touches only grows, too; it is a control and not the record itself, so it may be forgotten when old.
CREATE FUNCTION ledger.keep_touches() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.at < now() - interval '13 months' THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'The record of touches only grows: % is refused.', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER keep BEFORE DELETE ON ledger.touch FOR EACH ROW EXECUTE FUNCTION ledger.keep_touches();
CREATE TRIGGER keep_all BEFORE UPDATE OR TRUNCATE ON ledger.touch FOR EACH STATEMENT
    EXECUTE FUNCTION ledger.keep_touches();
ALTER TABLE ledger.touch ENABLE ALWAYS TRIGGER keep;
ALTER TABLE ledger.touch ENABLE ALWAYS TRIGGER keep_all;

CREATE FUNCTION ledger.forget_touches() RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    forgotten bigint;
BEGIN
    DELETE FROM ledger.touch WHERE at < now() - interval '13 months';
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    RETURN forgotten;
END $$;

-- Puts the capture on a table and all its partitions; the table's owner calls it, again and again without harm.
CREATE FUNCTION ledger.watch(target regclass) RETURNS integer
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    watched regclass;
    made integer := 0;
BEGIN
    FOR watched IN SELECT target UNION SELECT relid FROM pg_partition_tree(target) LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_trigger WHERE tgrelid = watched AND tgname = 'touched_insert');
        EXECUTE format('CREATE TRIGGER touched_insert AFTER INSERT ON %s REFERENCING NEW TABLE AS touched_rows'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION ledger.touched()', watched);
        EXECUTE format('CREATE TRIGGER touched_update AFTER UPDATE ON %s REFERENCING NEW TABLE AS touched_rows'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION ledger.touched()', watched);
        EXECUTE format('CREATE TRIGGER touched_delete AFTER DELETE ON %s REFERENCING OLD TABLE AS touched_rows'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION ledger.touched()', watched);
        EXECUTE format('CREATE TRIGGER touched_truncate AFTER TRUNCATE ON %s'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION ledger.touched()', watched);
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER touched_insert, ENABLE ALWAYS TRIGGER touched_update,'
                       ' ENABLE ALWAYS TRIGGER touched_delete, ENABLE ALWAYS TRIGGER touched_truncate', watched);
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;

SELECT ledger.watch('ledger.perch');

DO $$
DECLARE
    role text;
BEGIN
    REVOKE ALL ON ledger.touch, ledger.perch FROM PUBLIC;
    REVOKE ALL ON FUNCTION ledger.touched(), ledger.forget_touches(), ledger.watch(regclass) FROM PUBLIC;
    FOREACH role IN ARRAY ARRAY['portal_app', 'portal_auditor'] LOOP
        CONTINUE WHEN NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role);
        EXECUTE format('GRANT USAGE ON SCHEMA ledger TO %I', role);
        EXECUTE format('GRANT SELECT ON ledger.touch TO %I', role);
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_app') THEN
        GRANT INSERT ON ledger.perch TO portal_app;
        GRANT EXECUTE ON FUNCTION ledger.forget_touches() TO portal_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_owner') THEN
        GRANT USAGE ON SCHEMA ledger TO portal_owner;
        GRANT EXECUTE ON FUNCTION ledger.watch(regclass), ledger.touched() TO portal_owner;
    END IF;
    RESET ROLE;
END $$;
