-- Registers beside the ledger: what a transaction changes in a table that proves something is noted in a setting of the
-- transaction, which the portal puts into an entry before it commits (decision 0196). A savepoint that is undone takes its
-- notes with it. Nothing is believed of it later: what an entry says is compared with the row.

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_ledger') THEN
        SET LOCAL ROLE portal_ledger;
    END IF;
END $$;

-- The arguments are the key's column and, as an array, the columns that are left out. A line for each row that became
-- another: table, key, digest before, digest after.
CREATE FUNCTION ledger.note_changed_rows() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET bytea_output = 'hex'
    SET intervalstyle = 'postgres' SET extra_float_digits = 1 AS $$
DECLARE
    key text := TG_ARGV[0];
    left_out text[] := TG_ARGV[1];
    noted text;
BEGIN
    -- A superuser restores a dump, whatever its size; no entry is then about these rows until they are adopted.
    IF current_setting('is_superuser') = 'on' THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'INSERT' THEN
        SELECT string_agg(json_build_array(TG_TABLE_NAME, to_jsonb(n) ->> key, NULL,
                          encode(sha256(convert_to((to_jsonb(n) - left_out)::text, 'UTF8')), 'base64'))::text, E'\n')
            INTO noted FROM new_rows n;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT string_agg(json_build_array(TG_TABLE_NAME, to_jsonb(o) ->> key,
                          encode(sha256(convert_to((to_jsonb(o) - left_out)::text, 'UTF8')), 'base64'), NULL)::text, E'\n')
            INTO noted FROM old_rows o;
    ELSE
        SELECT string_agg(json_build_array(TG_TABLE_NAME, coalesce(b.key, a.key), b.digest, a.digest)::text, E'\n')
            INTO noted
            FROM (SELECT to_jsonb(o) ->> key AS key,
                         encode(sha256(convert_to((to_jsonb(o) - left_out)::text, 'UTF8')), 'base64') AS digest
                  FROM old_rows o) AS b
            FULL JOIN (SELECT to_jsonb(n) ->> key AS key,
                              encode(sha256(convert_to((to_jsonb(n) - left_out)::text, 'UTF8')), 'base64') AS digest
                       FROM new_rows n) AS a ON a.key = b.key
            WHERE a.digest IS DISTINCT FROM b.digest;
    END IF;
    IF noted IS NOT NULL THEN
        PERFORM set_config('portal.rows', concat_ws(E'\n', nullif(current_setting('portal.rows', true), ''), noted), true);
    END IF;
    RETURN NULL;
END $$;

-- Puts the notes on a table; the table's owner calls it, again and again without harm.
CREATE FUNCTION ledger.install_row_notes(target regclass, key text, left_out text[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    verb text;
BEGIN
    FOREACH verb IN ARRAY ARRAY['insert', 'update', 'delete'] LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER note_%s AFTER %s ON %s REFERENCING %s FOR EACH STATEMENT'
                       ' EXECUTE FUNCTION ledger.note_changed_rows(%L, %L)', verb, upper(verb), target,
                       CASE verb WHEN 'insert' THEN 'NEW TABLE AS new_rows' WHEN 'delete' THEN 'OLD TABLE AS old_rows'
                                 ELSE 'OLD TABLE AS old_rows NEW TABLE AS new_rows' END, key, left_out);
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER note_%s', target, verb);
    END LOOP;
END $$;

-- Few entries name rows. All of them are read together, and those about one row before it is relied on.
CREATE INDEX entry_rows ON ledger.entry (id) WHERE payload LIKE '%,"rows":{%';

-- The keys of the rows that an entry names, and the tables that it takes as they stand.
CREATE FUNCTION ledger.named_rows(payload text) RETURNS text[]
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT array_agg(key) FROM (
        SELECT key FROM jsonb_each(payload::jsonb -> 'rows') AS named (name, changes), jsonb_object_keys(changes) AS key
        UNION ALL
        SELECT jsonb_object_keys(tables) FROM (SELECT payload::jsonb #> '{facts,tables}') AS taken (tables)
        WHERE jsonb_typeof(tables) = 'object') AS said
$$;
CREATE INDEX entry_named_rows ON ledger.entry USING gin (ledger.named_rows(payload)) WITH (gin_pending_list_limit = 256)
    WHERE payload LIKE '%,"rows":{%';

DO $$
BEGIN
    REVOKE ALL ON FUNCTION ledger.note_changed_rows(), ledger.install_row_notes(regclass, text, text[]) FROM PUBLIC;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_owner') THEN
        GRANT EXECUTE ON FUNCTION ledger.note_changed_rows(), ledger.install_row_notes(regclass, text, text[])
            TO portal_owner;
    END IF;
    RESET ROLE;
END $$;
