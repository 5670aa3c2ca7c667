-- Registers in the other databases: what a transaction changes there is noted as in the general one, and the portal has an
-- entry announce it before it commits (decision 0365). Nothing is believed of it later.

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_ledger') THEN
        SET LOCAL ROLE portal_ledger;
    END IF;
END $$;

-- The arguments are the key's column and what of a row enters its digest: a SELECT list, so that what is left out is not
-- even read. A line for each row that became another: table, key, digest before, digest after.
CREATE FUNCTION ledger.note_written_rows() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET bytea_output = 'hex'
    SET intervalstyle = 'postgres' SET extra_float_digits = 1 AS $$
DECLARE
    digests text := format('SELECT said ->> %L AS row_key, encode(sha256(convert_to(said::text, ''UTF8'')), ''base64'') AS digest'
                           ' FROM (SELECT to_jsonb(c) AS said FROM (SELECT ', TG_ARGV[0]) || TG_ARGV[1] || ' FROM ';
    before text := digests || 'old_rows) AS c) AS r';
    after text := digests || 'new_rows) AS c) AS r';
    nothing text := 'SELECT NULL::text AS row_key, NULL::text AS digest WHERE false';
    noted text;
BEGIN
    -- A superuser restores a dump, whatever its size; no entry is then about these rows until they are adopted.
    IF current_setting('is_superuser') = 'on' THEN
        RETURN NULL;
    END IF;
    EXECUTE 'SELECT string_agg(json_build_array($1, coalesce(b.row_key, a.row_key), b.digest, a.digest)::text, E''\n'') FROM ('
            || CASE TG_OP WHEN 'INSERT' THEN nothing ELSE before END || ') AS b FULL JOIN ('
            || CASE TG_OP WHEN 'DELETE' THEN nothing ELSE after END
            || ') AS a ON a.row_key = b.row_key WHERE a.digest IS DISTINCT FROM b.digest' INTO noted USING TG_TABLE_NAME;
    IF noted IS NOT NULL THEN
        PERFORM set_config('portal.rows', concat_ws(E'\n', nullif(current_setting('portal.rows', true), ''), noted), true);
    END IF;
    RETURN NULL;
END $$;

DO $$
BEGIN
    REVOKE ALL ON FUNCTION ledger.note_written_rows() FROM PUBLIC;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_owner') THEN
        GRANT EXECUTE ON FUNCTION ledger.note_written_rows() TO portal_owner;
    END IF;
    RESET ROLE;
END $$;
