-- Who may do what: nobody may update or delete, everybody has one thing to add (house.md, Roles).

DO $$
DECLARE
    grants text[][] := ARRAY[
        ['portal_app', 'SELECT ON ALL TABLES IN SCHEMA ledger'],
        ['portal_app', 'INSERT (kind, payload) ON ledger.entry'],
        ['portal_app', 'INSERT ON ledger.field_change'],
        ['portal_app', 'EXECUTE ON FUNCTION ledger.append_with_people(text, text, text[])'],
        ['portal_worker', 'SELECT ON ALL TABLES IN SCHEMA ledger'],
        ['portal_worker', 'INSERT (kind, payload) ON ledger.entry'],
        ['portal_worker', 'INSERT ON ledger.field_change'],
        ['portal_worker', 'EXECUTE ON FUNCTION ledger.append_with_people(text, text, text[])'],
        ['portal_worker', 'EXECUTE ON FUNCTION ledger.make_partitions(integer)'],
        ['portal_intake', 'SELECT ON ledger.recovery_epoch'],
        ['portal_intake', 'SELECT (id) ON ledger.entry'],
        ['portal_intake', 'INSERT (kind, payload) ON ledger.entry'],
        ['portal_intake', 'INSERT ON ledger.field_change'],
        ['portal_intake', 'EXECUTE ON FUNCTION ledger.append_with_people(text, text, text[])'],
        ['portal_sequencer', 'SELECT ON ALL TABLES IN SCHEMA ledger'],
        ['portal_sequencer', 'INSERT ON ledger.leaf, ledger.node, ledger.tree'],
        ['portal_sequencer', 'USAGE ON SCHEMA sequencer'],
        ['portal_sequencer', 'UPDATE ON sequencer.turn'],
        ['portal_sequencer', 'EXECUTE ON FUNCTION ledger.start_recovery_epoch(), ledger.append(text, text)'],
        ['portal_notary', 'SELECT ON ALL TABLES IN SCHEMA ledger'],
        ['portal_notary', 'INSERT ON ledger.checkpoint, ledger.anchor'],
        ['portal_notary', 'EXECUTE ON FUNCTION ledger.append(text, text)'],
        ['portal_auditor', 'SELECT ON ALL TABLES IN SCHEMA ledger'],
        ['portal_auditor', 'EXECUTE ON FUNCTION ledger.append(text, text)'],
        ['portal_owner', 'EXECUTE ON FUNCTION ledger.append(text, text)']
    ];
    role text;
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_ledger') THEN
        SET LOCAL ROLE portal_ledger;
    END IF;
    REVOKE ALL ON ALL TABLES IN SCHEMA ledger FROM PUBLIC;
    REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ledger FROM PUBLIC;
    REVOKE ALL ON ALL SEQUENCES IN SCHEMA ledger FROM PUBLIC;
    FOREACH role IN ARRAY ARRAY['portal_app', 'portal_intake', 'portal_worker', 'portal_sequencer', 'portal_notary', 'portal_auditor'] LOOP
        CONTINUE WHEN NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role);
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA ledger FROM %I', role);
        EXECUTE format('GRANT USAGE ON SCHEMA ledger TO %I', role);
    END LOOP;
    FOR n IN 1 .. array_length(grants, 1) LOOP
        CONTINUE WHEN NOT EXISTS (SELECT FROM pg_roles WHERE rolname = grants[n][1]);
        EXECUTE format('GRANT %s TO %I', grants[n][2], grants[n][1]);
    END LOOP;
END $$;

DO $$ BEGIN RESET ROLE; END $$;
