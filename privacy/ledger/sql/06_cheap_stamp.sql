-- A cheaper stamp: one entry cost a query for the database's life and a place in the index of subjects, even where it
-- names none. Recorded is the same (docs/decisions/0010-*.md).

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_ledger') THEN
        SET LOCAL ROLE portal_ledger;
    END IF;
END $$;

-- The number of the present life. STABLE and not IMMUTABLE: its body is put into plans, and replacing it renews them.
CREATE FUNCTION ledger.generation() RETURNS integer LANGUAGE sql STABLE AS $$SELECT 1$$;
REVOKE ALL ON FUNCTION ledger.generation() FROM PUBLIC;

CREATE FUNCTION ledger.declare_generation(raised integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('CREATE OR REPLACE FUNCTION ledger.generation() RETURNS integer LANGUAGE sql STABLE AS %L',
                   'SELECT ' || raised);
END $$;
REVOKE ALL ON FUNCTION ledger.declare_generation(integer) FROM PUBLIC;
SELECT ledger.declare_generation((SELECT max(generation) FROM ledger.incarnation));

CREATE OR REPLACE FUNCTION ledger.stamp() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.time NOT BETWEEN clock_timestamp() - interval '5 seconds' AND clock_timestamp() THEN
        RAISE EXCEPTION 'The time of an entry is the database''s.' USING ERRCODE = 'insufficient_privilege';
    END IF;
    NEW.xid := pg_current_xact_id();
    NEW.id := nextval('ledger.entry_id');
    NEW.generation := ledger.generation();
    RETURN NEW;
END $$;

-- A new life of the database. Writers wait meanwhile, so that no entry of the old life can follow.
CREATE OR REPLACE FUNCTION ledger.raise_incarnation() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    raised integer;
BEGIN
    LOCK TABLE ledger.entry IN SHARE ROW EXCLUSIVE MODE;
    INSERT INTO ledger.incarnation (generation, system)
        SELECT (SELECT max(generation) FROM ledger.incarnation) + 1, system_identifier::text FROM pg_control_system()
        RETURNING generation INTO raised;
    PERFORM ledger.declare_generation(raised);
    INSERT INTO ledger.entry (kind, payload) VALUES ('act', jsonb_build_object(
        'word', 'ledger.incarnation.raised',
        'by', 'system',
        'actor', 'system:seal',
        'facts', jsonb_build_object('generation', raised),
        'nonce', rtrim(translate(encode(uuid_send(gen_random_uuid()), 'base64'), '+/', '-_'), '=')
    )::text);
    RETURN raised;
END $$;

DROP INDEX ledger.entry_subjects;
CREATE INDEX entry_subjects ON ledger.entry USING gin (subjects) WITH (gin_pending_list_limit = 256)
    WHERE subjects IS NOT NULL;

DO $$ BEGIN RESET ROLE; END $$;
