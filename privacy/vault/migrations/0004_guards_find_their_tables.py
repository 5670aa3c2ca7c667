"""pg_restore empties the search path: a guard that doesn't name its schema stops the restore of the keys."""

from django.db import migrations

GUARD = """
CREATE OR REPLACE FUNCTION vault_refuse_destroyed() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""


class Migration(migrations.Migration):
    dependencies = [("vault", "0003_scan_of_files")]
    operations = [migrations.RunSQL(GUARD, migrations.RunSQL.noop)]
