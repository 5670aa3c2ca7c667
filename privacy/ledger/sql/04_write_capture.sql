-- Omission control, in each of the three databases: each write into a table with personal data is captured here, also one
-- past the portal, with what names the written rows. At night each is reconciled with the entries of its request that name
-- them; what has none is a finding.

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
    keys jsonb,
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

-- Which rows were written, by one column: its values, or where they are many their digest, as intake's entry gives it.
CREATE FUNCTION ledger.row_keys(found uuid[], most integer) RETURNS jsonb
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN cardinality(found) <= most THEN to_jsonb(found)
           ELSE (SELECT to_jsonb(encode(sha256(string_agg(uuid_send(one), ''::bytea ORDER BY one)), 'hex'))
                 FROM unnest(found) AS one) END
$$;

-- The argument is the expression that names the written rows. Counted and written by one statement: intake leaves one with
-- every batch and table.
CREATE FUNCTION ledger.capture_write() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    relation text := TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME;
    program text := coalesce(current_setting('application_name', true), '');
    request text := coalesce(current_setting('portal.request', true), '');
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO ledger.captured_write (relation, operation, keys, db_user, program, request)
            VALUES (relation, TG_OP, jsonb_build_object('table', jsonb_build_array(TG_TABLE_NAME)), session_user, program,
                    request);
    ELSE
        EXECUTE 'INSERT INTO ledger.captured_write (relation, operation, rows, keys, db_user, program, request)'
                ' SELECT $1, $2, count(*), ' || TG_ARGV[0] || ', session_user, $3, $4'
                ' FROM written_rows HAVING count(*) > 0' USING relation, TG_OP, program, request;
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

-- The expression for the columns by which entries name the rows of a table. "column/month" is the month of a moment in Korea.
CREATE FUNCTION ledger.key_expression(columns text[], most integer) RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'jsonb_build_object(' || coalesce(string_agg(
        CASE WHEN name LIKE '%/month' THEN format(
            '%L, (SELECT jsonb_agg(DISTINCT to_char(%I AT TIME ZONE ''Asia/Seoul'', ''YYYY-MM-01'')) FROM written_rows)',
            name, split_part(name, '/', 1))
        WHEN name = 'id' THEN format('%L, ledger.row_keys(array_agg(id), %s)', name, most)
        ELSE format('%L, ledger.row_keys(array_agg(DISTINCT %I), %s)', name, name, most) END, ', '), '') || ')'
    FROM unnest(columns) AS name
$$;

-- Puts the capture on a table and all its partitions; the table's owner calls it, again and again without harm. "named"
-- has the columns for each operation; without it a partition takes its parent's triggers.
CREATE FUNCTION ledger.install_write_capture(target regclass, named jsonb DEFAULT NULL) RETURNS integer
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    captured regclass;
    verb text;
    arguments text;
    made integer := 0;
BEGIN
    FOR captured, verb IN SELECT t, v FROM (SELECT target UNION SELECT relid FROM pg_partition_tree(target)) AS known (t),
            unnest(ARRAY['insert', 'update', 'delete', 'truncate']) AS v LOOP
        IF named IS NULL THEN
            SELECT quote_literal(convert_from(substr(tgargs, 1, length(tgargs) - 1), 'UTF8')) INTO arguments
            FROM pg_trigger WHERE tgname = 'capture_' || verb AND tgnargs = 1
                AND tgrelid = (SELECT inhparent FROM pg_inherits WHERE inhrelid = captured);
        ELSE
            -- An INSERT is named by what its entry lists or digests; the others by up to so many as an entry lists.
            arguments := quote_literal(ledger.key_expression(
                ARRAY(SELECT jsonb_array_elements_text(named -> upper(verb)) ORDER BY 1),
                CASE verb WHEN 'insert' THEN 50 ELSE 200 END));
        END IF;
        CONTINUE WHEN EXISTS (SELECT FROM pg_trigger WHERE tgrelid = captured AND tgname = 'capture_' || verb AND (
            verb = 'truncate' OR arguments IS NULL OR position('(' || arguments || ')' IN pg_get_triggerdef(oid)) > 0));
        EXECUTE format('CREATE OR REPLACE TRIGGER capture_%s AFTER %s ON %s %s FOR EACH STATEMENT'
                       ' EXECUTE FUNCTION ledger.capture_write(%s)', verb, upper(verb), captured,
                       CASE verb WHEN 'truncate' THEN '' WHEN 'delete' THEN 'REFERENCING OLD TABLE AS written_rows'
                                 ELSE 'REFERENCING NEW TABLE AS written_rows' END,
                       CASE verb WHEN 'truncate' THEN '' ELSE coalesce(arguments, quote_literal('jsonb_build_object()')) END);
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER capture_%s', captured, verb);
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;

SELECT ledger.install_write_capture('ledger.canary', '{}');

DO $$
DECLARE
    role text;
BEGIN
    REVOKE ALL ON ledger.captured_write, ledger.canary FROM PUBLIC;
    REVOKE ALL ON FUNCTION ledger.capture_write(), ledger.row_keys(uuid[], integer), ledger.key_expression(text[], integer),
         ledger.delete_old_captured_writes(), ledger.install_write_capture(regclass, jsonb) FROM PUBLIC;
    FOREACH role IN ARRAY ARRAY['portal_app', 'portal_worker', 'portal_auditor'] LOOP
        CONTINUE WHEN NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role);
        EXECUTE format('GRANT USAGE ON SCHEMA ledger TO %I', role);
        EXECUTE format('GRANT SELECT ON ledger.captured_write TO %I', role);
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_worker') THEN
        GRANT INSERT ON ledger.canary TO portal_worker;
        GRANT EXECUTE ON FUNCTION ledger.delete_old_captured_writes() TO portal_worker;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_owner') THEN
        GRANT USAGE ON SCHEMA ledger TO portal_owner;
        GRANT EXECUTE ON FUNCTION ledger.install_write_capture(regclass, jsonb), ledger.key_expression(text[], integer),
            ledger.capture_write() TO portal_owner;
    END IF;
    RESET ROLE;
END $$;
