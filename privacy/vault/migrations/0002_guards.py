"""A destroyed key never returns, and what is remembered of it never changes: held by the database itself."""

from django.db import migrations

# AFTER INSERT, so that it looks again once a waiting insert has seen the destruction commit. The tables are named with
# their schema: pg_restore empties the search path.
GUARDS = """
CREATE FUNCTION vault_refuse_destroyed() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    destroyed boolean;
BEGIN
    IF TG_TABLE_NAME = 'vault_subjectkey' THEN
        SELECT EXISTS (
            SELECT FROM public.vault_tombstone AS stone
            WHERE stone.subject_id = NEW.subject_id AND stone.category IN ('', NEW.category)
        ) INTO destroyed;
    ELSE
        SELECT EXISTS (
            SELECT FROM public.vault_tombstone AS stone WHERE stone.category = NEW.category AND stone.month = NEW.month
        ) INTO destroyed;
    END IF;
    IF destroyed THEN
        RAISE EXCEPTION 'vault_destroyed_key_never_returns'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'vault_destroyed_key_never_returns';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER vault_destroyed_key_never_returns AFTER INSERT OR UPDATE OF subject_id, category ON vault_subjectkey
    FOR EACH ROW EXECUTE FUNCTION vault_refuse_destroyed();
CREATE TRIGGER vault_destroyed_key_never_returns AFTER INSERT OR UPDATE OF category, month ON vault_monthkey
    FOR EACH ROW EXECUTE FUNCTION vault_refuse_destroyed();
-- A key goes with its tombstone, which stays for ever: whoever holds the portal's role removes none without a trace.
CREATE FUNCTION vault_key_leaves_its_tombstone() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    bare boolean;
BEGIN
    IF NOT pg_has_role(current_user, 'portal_process', 'MEMBER') THEN
        RETURN NULL;
    END IF;
    IF TG_TABLE_NAME = 'vault_monthkey' THEN
        bare := EXISTS (SELECT FROM gone_keys k WHERE NOT EXISTS (
            SELECT FROM vault_tombstone t WHERE t.subject_id IS NULL AND t.category = k.category AND t.month = k.month
               AND t.generation >= k.generation));
    ELSE
        bare := EXISTS (SELECT FROM gone_keys k WHERE NOT EXISTS (
            SELECT FROM vault_tombstone t WHERE t.subject_id = k.subject_id AND t.category IN ('', k.category)
               AND t.generation >= k.generation));
    END IF;
    IF bare THEN
        RAISE EXCEPTION 'vault_key_leaves_its_tombstone'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'vault_key_leaves_its_tombstone';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER vault_key_leaves_its_tombstone AFTER DELETE ON vault_subjectkey REFERENCING OLD TABLE AS gone_keys
    FOR EACH STATEMENT EXECUTE FUNCTION vault_key_leaves_its_tombstone();
CREATE TRIGGER vault_key_leaves_its_tombstone AFTER DELETE ON vault_monthkey REFERENCING OLD TABLE AS gone_keys
    FOR EACH STATEMENT EXECUTE FUNCTION vault_key_leaves_its_tombstone();
-- Whether whoever writes is a process of the portal: a superuser, who is a member of every role, restores dumps.
CREATE FUNCTION vault_is_process() RETURNS boolean LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT pg_has_role(current_user, 'portal_process', 'MEMBER') AND current_setting('is_superuser') = 'off'
$$;
-- A tombstone says that there was a key, and of which generation, only while that key is there: certificates count them.
CREATE FUNCTION vault_tombstone_names_its_key() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF vault_is_process() AND EXISTS (
        SELECT FROM stones s WHERE s.generation IS NOT NULL AND NOT EXISTS (
            SELECT FROM vault_subjectkey k WHERE k.subject_id = s.subject_id AND s.category IN ('', k.category)
               AND k.generation = s.generation)
        AND NOT EXISTS (SELECT FROM vault_monthkey k WHERE s.subject_id IS NULL AND k.category = s.category
               AND k.month = s.month AND k.generation = s.generation)
        OR NOT vault_is_of_now(s.destroyed_at, NULL)
    ) THEN
        RAISE EXCEPTION 'vault_tombstone_names_its_key'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'vault_tombstone_names_its_key';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER vault_tombstone_names_its_key AFTER INSERT ON vault_tombstone REFERENCING NEW TABLE AS stones
    FOR EACH STATEMENT EXECUTE FUNCTION vault_tombstone_names_its_key();
ALTER TABLE vault_tombstone ENABLE ALWAYS TRIGGER vault_tombstone_names_its_key;
-- A wrapped key is replaced once in a turn of the master key, under the generation that the turn made current; what
-- garbage would do is not final: the generation before ends once every key was seen to open (docs/vault.md).
CREATE FUNCTION vault_key_is_rewrapped_in_a_turn() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT vault_is_process() THEN
        RETURN NULL;
    END IF;
    IF EXISTS (SELECT FROM carried WHERE generation IS DISTINCT FROM (
        SELECT generation FROM vault_keycheck WHERE kind = 'master' AND current)) THEN
        RAISE EXCEPTION 'vault_key_is_rewrapped_in_a_turn'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'vault_key_is_rewrapped_in_a_turn';
    END IF;
    RETURN NULL;
END
$$;
CREATE FUNCTION vault_key_is_rewrapped_once() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT vault_is_process() THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'vault_key_is_rewrapped_in_a_turn'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'vault_key_is_rewrapped_in_a_turn';
END
$$;
CREATE TRIGGER vault_key_is_rewrapped_once AFTER UPDATE ON vault_subjectkey FOR EACH ROW
    WHEN (NEW.generation <= OLD.generation OR NEW.wrapped = OLD.wrapped)
    EXECUTE FUNCTION vault_key_is_rewrapped_once();
CREATE TRIGGER vault_key_is_rewrapped_once AFTER UPDATE ON vault_monthkey FOR EACH ROW
    WHEN (NEW.generation <= OLD.generation OR NEW.wrapped = OLD.wrapped)
    EXECUTE FUNCTION vault_key_is_rewrapped_once();
CREATE TRIGGER vault_key_is_rewrapped_in_a_turn AFTER UPDATE ON vault_subjectkey REFERENCING NEW TABLE AS carried
    FOR EACH STATEMENT EXECUTE FUNCTION vault_key_is_rewrapped_in_a_turn();
CREATE TRIGGER vault_key_is_rewrapped_in_a_turn AFTER UPDATE ON vault_monthkey REFERENCING NEW TABLE AS carried
    FOR EACH STATEMENT EXECUTE FUNCTION vault_key_is_rewrapped_in_a_turn();
-- Room on each page for the next wrapping: a turn of the master key then touches no index and writes over old bytes.
ALTER TABLE vault_subjectkey SET (fillfactor = 50);
"""

# The life of a generation goes one way, and the worker alone leads it: intake and pages hold the row, no more. What is
# dated is of now; tests, which are one process with a role of its own, have days of their own.
GENERATIONS = """
CREATE FUNCTION vault_is_of_now(moment timestamptz, held timestamptz) RETURNS boolean LANGUAGE sql VOLATILE
    SET search_path = public, pg_temp AS $$
    SELECT moment IS NULL OR moment IS NOT DISTINCT FROM held OR session_user = 'portal_development'
        OR moment BETWEEN clock_timestamp() - interval '1 hour' AND clock_timestamp() + interval '5 minutes'
$$;
CREATE FUNCTION vault_generation_goes_on() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT vault_is_process() THEN
        RETURN NEW;
    END IF;
    IF pg_has_role(current_user, 'portal_worker', 'MEMBER') THEN
        IF TG_OP = 'INSERT' THEN
            IF NEW.current AND vault_is_of_now(NEW.begun_at, NULL)
               AND num_nonnulls(NEW.emptied_at, NEW.ending_at, NEW.ended_at) = 0
               AND NOT EXISTS (SELECT FROM vault_keycheck WHERE kind = NEW.kind AND generation >= NEW.generation) THEN
                RETURN NEW;
            END IF;
        ELSIF (NEW.current <= OLD.current)
          AND vault_is_of_now(NEW.emptied_at, OLD.emptied_at) AND vault_is_of_now(NEW.ending_at, OLD.ending_at)
          AND vault_is_of_now(NEW.ended_at, OLD.ended_at)
          AND (OLD.emptied_at IS NULL OR NEW.emptied_at = OLD.emptied_at)
          AND (OLD.ending_at IS NULL OR NEW.ending_at = OLD.ending_at)
          AND (OLD.ended_at IS NULL OR NEW.ended_at = OLD.ended_at)
          AND (NEW.emptied_at IS NULL OR OLD.emptied_at IS NOT NULL
               OR NOT EXISTS (SELECT FROM vault_subjectkey WHERE generation <= OLD.generation)
                  AND NOT EXISTS (SELECT FROM vault_monthkey WHERE generation <= OLD.generation)) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'vault_generation_goes_on'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'vault_generation_goes_on';
END
$$;
CREATE TRIGGER vault_generation_goes_on BEFORE INSERT OR UPDATE ON vault_keycheck
    FOR EACH ROW EXECUTE FUNCTION vault_generation_goes_on();
-- When a key service spoke is the database's to say.
CREATE FUNCTION vault_holder_speaks_now() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    NEW.seen_at := clock_timestamp();
    RETURN NEW;
END
$$;
CREATE TRIGGER vault_holder_speaks_now BEFORE INSERT OR UPDATE ON vault_keyholder
    FOR EACH ROW WHEN (session_user = 'portal_keys') EXECUTE FUNCTION vault_holder_speaks_now();
"""

# Freezes and destroyed keys are told to every process that keeps in memory what is open (decision 0044). The key of a
# month is everybody's.
INVALIDATION = """
CREATE TABLE vault_invalidation (
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL DEFAULT now(),
    subjects uuid[]
);
CREATE INDEX vault_invalidation_xid ON vault_invalidation (xid);
COMMENT ON TABLE vault_invalidation IS 'Who was closed, for caches that must hear of it; without subjects: everybody.';

-- The statement of a trigger names the people concerned; with more than so many, or a NULL among them, it is everybody.
CREATE FUNCTION vault_invalidation_record() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    whom uuid[];
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO public.vault_invalidation DEFAULT VALUES;
        RETURN NULL;
    END IF;
    EXECUTE TG_ARGV[0] INTO whom;
    IF cardinality(whom) > 0 THEN
        INSERT INTO public.vault_invalidation (subjects) VALUES (
            CASE WHEN cardinality(whom) <= 1000 AND array_position(whom, NULL) IS NULL THEN whom END
        );
    END IF;
    RETURN NULL;
END $$;

-- A row of a number that no transaction here has reached came with a restored dump.
CREATE FUNCTION vault_invalidation_prune() RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    pruned bigint;
BEGIN
    DELETE FROM public.vault_invalidation
    WHERE at < now() - interval '7 days' OR xid >= pg_snapshot_xmax(pg_current_snapshot());
    GET DIAGNOSTICS pruned = ROW_COUNT;
    RETURN pruned;
END $$;

REVOKE ALL ON FUNCTION vault_invalidation_record(), vault_invalidation_prune() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION vault_invalidation_prune() TO portal_worker;

CREATE TRIGGER vault_invalidates_frozen AFTER INSERT ON vault_freeze REFERENCING NEW TABLE AS closed
    FOR EACH STATEMENT EXECUTE FUNCTION vault_invalidation_record(
        'SELECT array_agg(DISTINCT subject_id) FROM closed');
ALTER TABLE vault_freeze ENABLE ALWAYS TRIGGER vault_invalidates_frozen;

CREATE TRIGGER vault_invalidates_changed AFTER UPDATE ON vault_freeze REFERENCING NEW TABLE AS closed
    FOR EACH STATEMENT EXECUTE FUNCTION vault_invalidation_record(
        'SELECT array_agg(DISTINCT subject_id) FROM closed');
ALTER TABLE vault_freeze ENABLE ALWAYS TRIGGER vault_invalidates_changed;

CREATE TRIGGER vault_invalidates_destroyed AFTER INSERT ON vault_tombstone REFERENCING NEW TABLE AS closed
    FOR EACH STATEMENT EXECUTE FUNCTION vault_invalidation_record(
        'SELECT array_agg(DISTINCT subject_id) FROM closed');
ALTER TABLE vault_tombstone ENABLE ALWAYS TRIGGER vault_invalidates_destroyed;
"""

# While the table is rewritten beside itself (actions/key_table.py), which keys were made, carried over or removed
# meanwhile. The list is there only then, and holds no key.
TOUCHED = """
CREATE FUNCTION vault_note_touched_keys() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF to_regclass('public.vault_touched') IS NOT NULL THEN
        BEGIN
            EXECUTE 'INSERT INTO public.vault_touched SELECT id FROM touched';
        EXCEPTION WHEN undefined_table THEN
            -- The rewrite has just ended.
        END;
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION vault_note_touched_keys() FROM PUBLIC;
CREATE TRIGGER vault_notes_made AFTER INSERT ON vault_subjectkey REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION vault_note_touched_keys();
CREATE TRIGGER vault_notes_carried AFTER UPDATE ON vault_subjectkey REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION vault_note_touched_keys();
CREATE TRIGGER vault_notes_removed AFTER DELETE ON vault_subjectkey REFERENCING OLD TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION vault_note_touched_keys();
ALTER TABLE vault_subjectkey ENABLE ALWAYS TRIGGER vault_notes_made;
ALTER TABLE vault_subjectkey ENABLE ALWAYS TRIGGER vault_notes_carried;
ALTER TABLE vault_subjectkey ENABLE ALWAYS TRIGGER vault_notes_removed;
"""

# The planner's statistics would keep samples of the keys, also of destroyed ones, and no rewrite of the tables touches
# them.
UNSAMPLED = """
ALTER TABLE vault_subjectkey ALTER COLUMN wrapped SET STATISTICS 0;
ALTER TABLE vault_monthkey ALTER COLUMN wrapped SET STATISTICS 0;
"""


class Migration(migrations.Migration):
    dependencies = [("vault", "0001_schema")]

    operations = [migrations.RunSQL(text) for text in (GUARDS, GENERATIONS, INVALIDATION, TOUCHED, UNSAMPLED)]
