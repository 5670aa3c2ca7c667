-- The entries about rows in their order, by a condition that says the same in other words than the index on the names
-- does: where both apply, PostgreSQL takes this one, and reads the names in all entries to find a few (decision 0367).
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_ledger') THEN
        SET LOCAL ROLE portal_ledger;
    END IF;
    DROP INDEX ledger.entry_rows;
    CREATE INDEX entry_rows ON ledger.entry (id) WHERE strpos(payload, ',"rows":{') > 0;
    RESET ROLE;
END $$;
