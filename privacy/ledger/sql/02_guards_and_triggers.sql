-- What keeps the tables growing only: the stamp, the denials, the field changes, and the months ahead.

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

-- The number of the present epoch. STABLE and not IMMUTABLE: its body is put into plans, and replacing it renews them.
CREATE FUNCTION ledger.generation() RETURNS integer LANGUAGE sql STABLE AS $$SELECT 1$$;

CREATE FUNCTION ledger.set_generation(started integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('CREATE OR REPLACE FUNCTION ledger.generation() RETURNS integer LANGUAGE sql STABLE AS %L',
                   'SELECT ' || started);
END $$;
SELECT ledger.set_generation((SELECT max(generation) FROM ledger.recovery_epoch));

-- The transaction number comes before the entry's number, both before the row can be seen. Kind and size are checked here
-- and not by constraints, which were planned anew for every statement. Whoever fills the search columns otherwise, with
-- the triggers off, is named by verify_ledger.
CREATE FUNCTION ledger.stamp_entry() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    said jsonb := NEW.payload::jsonb;
BEGIN
    IF NEW.time NOT BETWEEN clock_timestamp() - interval '5 seconds' AND clock_timestamp() THEN
        RAISE EXCEPTION 'The time of an entry is the database''s.' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF (NEW.kind IN ('act', 'read', 'denied', 'change')) IS NOT TRUE OR octet_length(NEW.payload) > 60000 THEN
        RAISE EXCEPTION 'An entry is an act, a read, a denied or a change, and fits a tile (60000 bytes).'
            USING ERRCODE = 'check_violation';
    END IF;
    -- What reads entries goes down into them, and not every program can go far.
    IF length(NEW.payload) - length(translate(NEW.payload, '[{', '')) > 32
            AND jsonb_path_exists(said, 'strict $.**{32 to last}') THEN
        RAISE EXCEPTION 'An entry is nested at most 32 deep.' USING ERRCODE = 'check_violation';
    END IF;
    IF jsonb_typeof(said -> 'facts') <> 'object' THEN
        RAISE EXCEPTION 'The facts of an entry have names.' USING ERRCODE = 'check_violation';
    END IF;
    -- Rows are taken as they stand by the owner, at a release or after an incident; to carry them is the worker's, too.
    -- How late a batch was sealed, and which key follows which, is the notary's to say.
    IF said ->> 'word' IN (
            'ledger.registers.adopted', 'ledger.rows.carried', 'ledger.batch.waited', 'ledger.notary.handed-over',
            'ledger.reads.attested', 'ledger.reads.contradicted', 'ledger.notary.excepted')
            AND NOT pg_has_role(session_user, current_user, 'MEMBER') AND NOT EXISTS (
                SELECT FROM pg_roles WHERE pg_has_role(session_user, oid, 'MEMBER') AND rolname = CASE said ->> 'word'
                    WHEN 'ledger.rows.carried' THEN 'portal_worker' WHEN 'ledger.batch.waited' THEN 'portal_notary'
                    WHEN 'ledger.notary.handed-over' THEN 'portal_notary' WHEN 'ledger.reads.attested' THEN 'portal_keys'
                    WHEN 'ledger.reads.contradicted' THEN 'portal_notary'
                    WHEN 'ledger.notary.excepted' THEN 'portal_notary' END)
            OR session_user = 'portal_keys'
                AND (NEW.kind <> 'act' OR said ->> 'word' IS DISTINCT FROM 'ledger.reads.attested')
    THEN
        RAISE EXCEPTION 'An entry % is not this role''s to append.', said ->> 'word'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    NEW.xid := pg_current_xact_id();
    NEW.id := nextval('ledger.entry_id');
    NEW.generation := ledger.generation();
    NEW.word := said ->> 'word';
    NEW.actor := said ->> 'actor';
    NEW.about := said ->> 'about';
    NEW.subjects := string_to_array(translate(said ->> 'subjects', '[]" ', ''), ',');
    NEW.task := said ->> 'task';
    NEW.purpose := said ->> 'purpose';
    RETURN NEW;
END $$;

CREATE TRIGGER stamp BEFORE INSERT ON ledger.entry FOR EACH ROW EXECUTE FUNCTION ledger.stamp_entry();
ALTER TABLE ledger.entry ENABLE ALWAYS TRIGGER stamp;

CREATE FUNCTION ledger.append_field_change() RETURNS trigger
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

CREATE TRIGGER append_field_change BEFORE INSERT ON ledger.field_change
    FOR EACH ROW EXECUTE FUNCTION ledger.append_field_change();
ALTER TABLE ledger.field_change ENABLE ALWAYS TRIGGER append_field_change;

-- Deny on one table; called for every table and every partition, because statement triggers are not inherited.
CREATE FUNCTION ledger.install_deny_trigger(target regclass) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER deny BEFORE UPDATE OR DELETE OR TRUNCATE ON %s '
                   'FOR EACH STATEMENT EXECUTE FUNCTION ledger.deny()', target);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER deny', target);
END $$;

-- The only way to put a list of people beside an entry: both at once, and the list is the one whose digest the entry says.
CREATE FUNCTION ledger.append_with_people(kind text, payload text, people text[]) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    made bigint;
BEGIN
    IF encode(sha256(convert_to(array_to_string(people, E'\n'), 'UTF8')), 'hex')
            IS DISTINCT FROM payload::jsonb ->> 'digest' THEN
        RAISE EXCEPTION 'This is not the list whose digest the entry says.' USING ERRCODE = 'check_violation';
    END IF;
    INSERT INTO ledger.entry (kind, payload) VALUES (kind, payload) RETURNING id INTO made;
    INSERT INTO ledger.entry_people (entry_id, people) VALUES (made, people);
    RETURN made;
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
        PERFORM ledger.install_deny_trigger(('ledger.' || name)::regclass);
        EXECUTE format('ALTER TABLE ledger.%I ENABLE ALWAYS TRIGGER stamp', name);
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;

-- A month's own bounds keep its entries finite; here a constraint does.
CREATE TABLE ledger.entry_default PARTITION OF ledger.entry
    (CONSTRAINT entry_time_is_finite CHECK (isfinite(time))) DEFAULT;
ALTER TABLE ledger.entry_default ENABLE ALWAYS TRIGGER stamp;

SELECT ledger.install_deny_trigger(name::regclass) FROM unnest(ARRAY[
    'ledger.entry', 'ledger.entry_default', 'ledger.entry_people', 'ledger.leaf', 'ledger.node', 'ledger.tree', 'ledger.checkpoint',
    'ledger.anchor', 'ledger.recovery_epoch', 'ledger.pruning', 'ledger.field_change']) AS name;
SELECT ledger.make_partitions(6);

-- A new epoch of the database. Writers wait meanwhile, so that no entry of the old one can follow.
CREATE FUNCTION ledger.start_recovery_epoch() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    started integer;
BEGIN
    LOCK TABLE ledger.entry IN SHARE ROW EXCLUSIVE MODE;
    INSERT INTO ledger.recovery_epoch (generation, system_identifier)
        SELECT (SELECT max(generation) FROM ledger.recovery_epoch) + 1, system_identifier::text FROM pg_control_system()
        RETURNING generation INTO started;
    PERFORM ledger.set_generation(started);
    INSERT INTO ledger.entry (kind, payload) VALUES ('act', jsonb_build_object(
        'word', 'ledger.incarnation.raised',
        'by', 'system',
        'actor', 'system:seal',
        'facts', jsonb_build_object('generation', started),
        'nonce', rtrim(translate(encode(uuid_send(gen_random_uuid()), 'base64'), '+/', '-_'), '=')
    )::text);
    RETURN started;
END $$;

-- For roles that only read, to leave a trace of their own acts.
CREATE FUNCTION ledger.append(kind text, payload text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$ INSERT INTO ledger.entry (kind, payload) VALUES ($1, $2) $$;
