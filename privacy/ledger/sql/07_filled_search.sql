-- The stamp fills the search columns and checks what the constraints checked: as generated columns and constraints they
-- were read and planned anew for every statement, a third of what an entry costs the database. Whoever fills them
-- otherwise, with the triggers off, is named by verify_ledger (docs/decisions/0010-*.md).

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_ledger') THEN
        SET LOCAL ROLE portal_ledger;
    END IF;
END $$;

CREATE OR REPLACE FUNCTION ledger.stamp() RETURNS trigger
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

ALTER TABLE ledger.entry
    ALTER COLUMN word DROP EXPRESSION,
    ALTER COLUMN actor DROP EXPRESSION,
    ALTER COLUMN about DROP EXPRESSION,
    ALTER COLUMN subjects DROP EXPRESSION,
    ALTER COLUMN task DROP EXPRESSION,
    ALTER COLUMN purpose DROP EXPRESSION,
    DROP CONSTRAINT entry_kind_is_known,
    DROP CONSTRAINT entry_fits_a_tile;

DO $$ BEGIN RESET ROLE; END $$;
