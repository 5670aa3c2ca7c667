"""A destroyed key never returns, and what is remembered of it never changes: held by the database itself."""

from django.db import migrations

# AFTER INSERT, so that it looks again once a waiting insert has seen the destruction commit.
GUARDS = """
CREATE FUNCTION vault_refuse_destroyed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    destroyed boolean;
BEGIN
    IF TG_TABLE_NAME = 'vault_subjectkey' THEN
        SELECT EXISTS (
            SELECT FROM vault_tombstone AS stone
            WHERE stone.subject_id = NEW.subject_id AND stone.category IN ('', NEW.category)
        ) INTO destroyed;
    ELSE
        SELECT EXISTS (
            SELECT FROM vault_tombstone AS stone WHERE stone.category = NEW.category AND stone.month = NEW.month
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
CREATE TRIGGER vault_destroyed_key_never_returns AFTER INSERT OR UPDATE OF category, month ON vault_epochkey
    FOR EACH ROW EXECUTE FUNCTION vault_refuse_destroyed();
-- Room on each page for the next wrapping: a turn of the master key then touches no index and writes over old bytes.
ALTER TABLE vault_subjectkey SET (fillfactor = 50);
REVOKE UPDATE, DELETE ON vault_tombstone FROM portal_app;
REVOKE DELETE ON vault_keycheck FROM portal_app;
"""
UNDO = """
ALTER TABLE vault_subjectkey RESET (fillfactor);
GRANT DELETE ON vault_keycheck TO portal_app;
GRANT UPDATE, DELETE ON vault_tombstone TO portal_app;
DROP TRIGGER vault_destroyed_key_never_returns ON vault_epochkey;
DROP TRIGGER vault_destroyed_key_never_returns ON vault_subjectkey;
DROP FUNCTION vault_refuse_destroyed();
"""


class Migration(migrations.Migration):
    dependencies = [("vault", "0001_keys_freezes_and_files")]
    operations = [migrations.RunSQL(GUARDS, UNDO)]
