-- Pruning: whole tiles, under a signed root, after the term, with a certificate. Hashes, heads and checkpoints stay.

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_ledger') THEN
        SET LOCAL ROLE portal_ledger;
    END IF;
END $$;

CREATE FUNCTION ledger.prune(upto bigint, before timestamptz, paper text) RETURNS text[]
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    month text;
    dropped text[] := '{}';
    gone bigint := 0;
    counted bigint;
    kept bigint;
BEGIN
    -- One year is the law's floor (STD 8(1), law S-02); the office keeps longer by its own setting.
    IF before > now() - interval '1 year' THEN
        RAISE EXCEPTION 'Entries are kept for a year at least.' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF upto <= 0 OR upto % 256 <> 0 OR upto > coalesce((SELECT max(size) FROM ledger.checkpoint), 0) THEN
        RAISE EXCEPTION 'Only whole tiles under a signed checkpoint are pruned.' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF EXISTS (SELECT FROM ledger.leaf l JOIN ledger.entry e ON e.id = l.entry_id
               WHERE l.index < upto AND e.time >= before) THEN
        RAISE EXCEPTION 'An entry below index % is younger than the term.', upto USING ERRCODE = 'insufficient_privilege';
    END IF;
    FOR month IN SELECT relid::regclass::text FROM pg_partition_tree('ledger.entry')
                 WHERE isleaf AND relid <> 'ledger.entry_default'::regclass ORDER BY 1 LOOP
        EXECUTE format('SELECT count(*), count(*) FILTER (WHERE l.index IS NULL OR l.index >= $1)'
                       ' FROM %s e LEFT JOIN ledger.leaf l ON l.entry_id = e.id', month) INTO counted, kept USING upto;
        CONTINUE WHEN counted = 0 OR kept > 0;
        EXECUTE format('DROP TABLE %s', month);
        dropped := dropped || month;
        gone := gone + counted;
    END LOOP;
    ALTER TABLE ledger.entry_people DISABLE TRIGGER deny;
    DELETE FROM ledger.entry_people p WHERE NOT EXISTS (SELECT FROM ledger.entry e WHERE e.id = p.entry_id);
    ALTER TABLE ledger.entry_people ENABLE ALWAYS TRIGGER deny;
    INSERT INTO ledger.pruning (until, cut, entries, partitions, certificate)
        VALUES (upto, before, gone, dropped, paper);
    -- The certificate is on record, so nobody can write another one later, or one for more than was pruned.
    INSERT INTO ledger.entry (kind, payload) VALUES ('act', jsonb_build_object(
        'word', 'ledger.entries.pruned',
        'by', 'system',
        'actor', 'system:prune_ledger',
        'about', 'ledger.pruning:' || upto,
        'facts', jsonb_build_object('entries', gone, 'cut', before, 'tables', dropped,
                                    'certificate', encode(sha256(convert_to(paper, 'UTF8')), 'hex')),
        'nonce', rtrim(translate(encode(uuid_send(gen_random_uuid()), 'base64'), '+/', '-_'), '=')
    )::text);
    RETURN dropped;
END $$;

REVOKE ALL ON FUNCTION ledger.prune(bigint, timestamptz, text) FROM PUBLIC;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_pruner') THEN
        GRANT USAGE ON SCHEMA ledger TO portal_pruner;
        GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO portal_pruner;
        GRANT EXECUTE ON FUNCTION ledger.prune(bigint, timestamptz, text), ledger.append(text, text) TO portal_pruner;
    END IF;
    RESET ROLE;
END $$;
