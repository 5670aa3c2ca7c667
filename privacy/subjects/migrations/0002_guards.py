"""Who withdraws, or is destroyed, is told to every process that keeps in memory what is open (decision 0044)."""

from django.db import migrations

INVALIDATION = """
CREATE TRIGGER subjects_invalidates_changed AFTER UPDATE ON subjects_subject REFERENCING OLD TABLE AS closed NEW TABLE AS standing
    FOR EACH STATEMENT EXECUTE FUNCTION vault_invalidation_record(
        'SELECT array_agg(id) FROM closed WHERE id NOT IN (SELECT id FROM standing WHERE state = ''active'')');
ALTER TABLE subjects_subject ENABLE ALWAYS TRIGGER subjects_invalidates_changed;

CREATE TRIGGER subjects_invalidates_removed AFTER DELETE ON subjects_subject REFERENCING OLD TABLE AS closed
    FOR EACH STATEMENT EXECUTE FUNCTION vault_invalidation_record('SELECT array_agg(id) FROM closed');
ALTER TABLE subjects_subject ENABLE ALWAYS TRIGGER subjects_invalidates_removed;

CREATE TRIGGER subjects_invalidates_emptied AFTER TRUNCATE ON subjects_subject
    FOR EACH STATEMENT EXECUTE FUNCTION vault_invalidation_record();
ALTER TABLE subjects_subject ENABLE ALWAYS TRIGGER subjects_invalidates_emptied;
"""


class Migration(migrations.Migration):
    dependencies = [("subjects", "0001_schema"), ("vault", "0002_guards")]

    operations = [migrations.RunSQL(INVALIDATION)]
