-- What keeps the tables growing only: the stamp, the denials, the capture, and the months ahead.

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_ledger') THEN
        SET LOCAL ROLE portal_ledger;
    END IF;
END $$;

CREATE FUNCTION ledger.deny() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'The audit trail only grows: % on %.% is refused.', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

-- The transaction number comes before the entry's number, both before the row can be seen.
CREATE FUNCTION ledger.stamp() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.time NOT BETWEEN clock_timestamp() - interval '5 seconds' AND clock_timestamp() THEN
        RAISE EXCEPTION 'The time of an entry is the database''s.' USING ERRCODE = 'insufficient_privilege';
    END IF;
    NEW.xid := pg_current_xact_id();
    NEW.id := nextval('ledger.entry_id');
    NEW.generation := (SELECT max(generation) FROM ledger.incarnation);
    RETURN NEW;
END $$;

CREATE TRIGGER stamp BEFORE INSERT ON ledger.entry FOR EACH ROW EXECUTE FUNCTION ledger.stamp();
ALTER TABLE ledger.entry ENABLE ALWAYS TRIGGER stamp;

CREATE FUNCTION ledger.capture() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO ledger.entry (kind, payload) VALUES ('change', jsonb_strip_nulls(
        coalesce(NEW.additional_data, '{}') || jsonb_build_object(
            'word', 'ledger.record.changed',
            'about', NEW.object_repr,
            'task', (ARRAY['create', 'update', 'delete', 'access'])[NEW.action + 1],
            'facts', NEW.changes,
            'request', NEW.cid,
            'nonce', rtrim(translate(encode(uuid_send(gen_random_uuid()), 'base64'), '+/', '-_'), '=')
        ))::text);
    RETURN NULL;
END $$;

CREATE TRIGGER capture BEFORE INSERT ON ledger.change FOR EACH ROW EXECUTE FUNCTION ledger.capture();
ALTER TABLE ledger.change ENABLE ALWAYS TRIGGER capture;

-- Deny on one table; called for every table and every partition, because statement triggers are not inherited.
CREATE FUNCTION ledger.guard(target regclass) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER deny BEFORE UPDATE OR DELETE OR TRUNCATE ON %s '
                   'FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny()', target);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER deny', target);
END $$;

-- Months are made ahead; a month that nobody made falls into the default partition and is never lost.
CREATE FUNCTION ledger.make_partitions(ahead integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    start timestamp := date_trunc('month', now() AT TIME ZONE 'UTC');
    month timestamp;
    name text;
    made integer := 0;
BEGIN
    FOR step IN 0 .. least(ahead, 24) LOOP
        month := start + make_interval(months => step);
        name := 'entry_' || to_char(month, 'YYYY_MM');
        CONTINUE WHEN to_regclass('ledger.' || name) IS NOT NULL;
        CONTINUE WHEN EXISTS (
            SELECT FROM ledger.entry_default e
            WHERE e.time >= month AT TIME ZONE 'UTC' AND e.time < (month + interval '1 month') AT TIME ZONE 'UTC');
        EXECUTE format('CREATE TABLE ledger.%I PARTITION OF ledger.entry FOR VALUES FROM (%L) TO (%L)', name,
            month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
        PERFORM ledger.guard(('ledger.' || name)::regclass);
        EXECUTE format('ALTER TABLE ledger.%I ENABLE ALWAYS TRIGGER stamp', name);
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;

CREATE TABLE ledger.entry_default PARTITION OF ledger.entry DEFAULT;
ALTER TABLE ledger.entry_default ENABLE ALWAYS TRIGGER stamp;

SELECT ledger.guard(name::regclass) FROM unnest(ARRAY[
    'ledger.entry', 'ledger.entry_default', 'ledger.leaf', 'ledger.node', 'ledger.tree', 'ledger.checkpoint',
    'ledger.anchor', 'ledger.incarnation', 'ledger.pruning', 'ledger.change']) AS name;
SELECT ledger.make_partitions(6);

-- A new life of the database. Writers wait meanwhile, so that no entry of the old life can follow.
CREATE FUNCTION ledger.raise_incarnation() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    raised integer;
BEGIN
    LOCK TABLE ledger.entry IN SHARE ROW EXCLUSIVE MODE;
    INSERT INTO ledger.incarnation (generation, system)
        SELECT (SELECT max(generation) FROM ledger.incarnation) + 1, system_identifier::text FROM pg_control_system()
        RETURNING generation INTO raised;
    INSERT INTO ledger.entry (kind, payload) VALUES ('act', jsonb_build_object(
        'word', 'ledger.incarnation.raised',
        'by', 'system',
        'actor', 'system:seal',
        'facts', jsonb_build_object('generation', raised),
        'nonce', rtrim(translate(encode(uuid_send(gen_random_uuid()), 'base64'), '+/', '-_'), '=')
    )::text);
    RETURN raised;
END $$;

-- For roles that only read, to leave a trace of their own acts.
CREATE FUNCTION ledger.append(kind text, payload text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$ INSERT INTO ledger.entry (kind, payload) VALUES ($1, $2) $$;
