-- A touch is counted and written by one statement: intake leaves one with every batch and table.

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_ledger') THEN
        SET LOCAL ROLE portal_ledger;
    END IF;
END $$;

CREATE OR REPLACE FUNCTION ledger.touched() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO ledger.touch (relation, operation, db_user, program, request)
            VALUES (TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME, TG_OP, session_user,
                    coalesce(current_setting('application_name', true), ''),
                    coalesce(current_setting('portal.request', true), ''));
    ELSE
        INSERT INTO ledger.touch (relation, operation, rows, db_user, program, request)
            SELECT TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME, TG_OP, count(*), session_user,
                   coalesce(current_setting('application_name', true), ''),
                   coalesce(current_setting('portal.request', true), '')
            FROM touched_rows HAVING count(*) > 0;
    END IF;
    RETURN NULL;
END $$;

DO $$ BEGIN RESET ROLE; END $$;
