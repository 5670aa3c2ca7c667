-- Omission control, in each of the three databases: each write into a table with personal data is captured here, also one
-- past the portal. At night each is reconciled with the entries of its request; what has none is a finding.

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

CREATE TABLE ledger.captured_write (
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

CREATE INDEX captured_write_xid ON ledger.captured_write (xid);

-- The nightly canary writes here without an entry, and must be found.
CREATE TABLE ledger.canary (
    token text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Counted and written by one statement: intake leaves one with every batch and table.
CREATE FUNCTION ledger.capture_write() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO ledger.captured_write (relation, operation, db_user, program, request)
            VALUES (TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME, TG_OP, session_user,
                    coalesce(current_setting('application_name', true), ''),
                    coalesce(current_setting('portal.request', true), ''));
    ELSE
        INSERT INTO ledger.captured_write (relation, operation, rows, db_user, program, request)
            SELECT TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME, TG_OP, count(*), session_user,
                   coalesce(current_setting('application_name', true), ''),
                   coalesce(current_setting('portal.request', true), '')
            FROM written_rows HAVING count(*) > 0;
    END IF;
    RETURN NULL;
END $$;

-- Captured writes only grow, too; they are a control and not the record itself, so old ones may be deleted.
CREATE FUNCTION ledger.deny_captured_write_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.at < now() - interval '13 months' THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'Captured writes are only ever added: % is refused.', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER deny_delete BEFORE DELETE ON ledger.captured_write
    FOR EACH ROW EXECUTE FUNCTION ledger.deny_captured_write_change();
CREATE TRIGGER deny_update_and_truncate BEFORE UPDATE OR TRUNCATE ON ledger.captured_write
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny_captured_write_change();
ALTER TABLE ledger.captured_write ENABLE ALWAYS TRIGGER deny_delete;
ALTER TABLE ledger.captured_write ENABLE ALWAYS TRIGGER deny_update_and_truncate;

CREATE FUNCTION ledger.delete_old_captured_writes() RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    deleted bigint;
BEGIN
    DELETE FROM ledger.captured_write WHERE at < now() - interval '13 months';
    GET DIAGNOSTICS deleted = ROW_COUNT;
    RETURN deleted;
END $$;

-- Puts the capture on a table and all its partitions; the table's owner calls it, again and again without harm.
CREATE FUNCTION ledger.install_write_capture(target regclass) RETURNS integer
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    captured regclass;
    made integer := 0;
BEGIN
    FOR captured IN SELECT target UNION SELECT relid FROM pg_partition_tree(target) LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_trigger WHERE tgrelid = captured AND tgname = 'capture_insert');
        EXECUTE format('CREATE TRIGGER capture_insert AFTER INSERT ON %s REFERENCING NEW TABLE AS written_rows'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION ledger.capture_write()', captured);
        EXECUTE format('CREATE TRIGGER capture_update AFTER UPDATE ON %s REFERENCING NEW TABLE AS written_rows'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION ledger.capture_write()', captured);
        EXECUTE format('CREATE TRIGGER capture_delete AFTER DELETE ON %s REFERENCING OLD TABLE AS written_rows'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION ledger.capture_write()', captured);
        EXECUTE format('CREATE TRIGGER capture_truncate AFTER TRUNCATE ON %s'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION ledger.capture_write()', captured);
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER capture_insert, ENABLE ALWAYS TRIGGER capture_update,'
                       ' ENABLE ALWAYS TRIGGER capture_delete, ENABLE ALWAYS TRIGGER capture_truncate', captured);
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;

SELECT ledger.install_write_capture('ledger.canary');

DO $$
DECLARE
    role text;
BEGIN
    REVOKE ALL ON ledger.captured_write, ledger.canary FROM PUBLIC;
    REVOKE ALL ON FUNCTION ledger.capture_write(), ledger.delete_old_captured_writes(), ledger.install_write_capture(regclass) FROM PUBLIC;
    FOREACH role IN ARRAY ARRAY['portal_app', 'portal_auditor'] LOOP
        CONTINUE WHEN NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role);
        EXECUTE format('GRANT USAGE ON SCHEMA ledger TO %I', role);
        EXECUTE format('GRANT SELECT ON ledger.captured_write TO %I', role);
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_app') THEN
        GRANT INSERT ON ledger.canary TO portal_app;
        GRANT EXECUTE ON FUNCTION ledger.delete_old_captured_writes() TO portal_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_owner') THEN
        GRANT USAGE ON SCHEMA ledger TO portal_owner;
        GRANT EXECUTE ON FUNCTION ledger.install_write_capture(regclass), ledger.capture_write() TO portal_owner;
    END IF;
    RESET ROLE;
END $$;
