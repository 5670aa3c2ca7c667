"""Certificates and register entries are added and never changed; only the officer's confirmation comes later (SEC-33)."""

from django.db import migrations

MAKE = """
CREATE FUNCTION retention_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %: proofs of destruction are only ever added', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION retention_keep_register() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.confirmed_at IS NULL
       AND to_jsonb(OLD) - 'confirmed_at' - 'confirmed_by' = to_jsonb(NEW) - 'confirmed_at' - 'confirmed_by' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% on %: an entry of the register is only confirmed, once', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER retention_certificates_are_never_changed BEFORE UPDATE OR DELETE ON retention_certificate
    FOR EACH ROW EXECUTE FUNCTION retention_refuse_change();
CREATE TRIGGER retention_certificates_are_never_emptied BEFORE TRUNCATE ON retention_certificate
    FOR EACH STATEMENT EXECUTE FUNCTION retention_refuse_change();
CREATE TRIGGER retention_register_is_only_confirmed BEFORE UPDATE OR DELETE ON retention_registerentry
    FOR EACH ROW EXECUTE FUNCTION retention_keep_register();
CREATE TRIGGER retention_register_is_never_emptied BEFORE TRUNCATE ON retention_registerentry
    FOR EACH STATEMENT EXECUTE FUNCTION retention_refuse_change();
CREATE TRIGGER retention_papers_are_never_changed BEFORE UPDATE OR DELETE ON retention_paperdestruction
    FOR EACH ROW EXECUTE FUNCTION retention_refuse_change();
CREATE TRIGGER retention_papers_are_never_emptied BEFORE TRUNCATE ON retention_paperdestruction
    FOR EACH STATEMENT EXECUTE FUNCTION retention_refuse_change();

ALTER TABLE retention_certificate ENABLE ALWAYS TRIGGER retention_certificates_are_never_changed;
ALTER TABLE retention_certificate ENABLE ALWAYS TRIGGER retention_certificates_are_never_emptied;
ALTER TABLE retention_registerentry ENABLE ALWAYS TRIGGER retention_register_is_only_confirmed;
ALTER TABLE retention_registerentry ENABLE ALWAYS TRIGGER retention_register_is_never_emptied;
ALTER TABLE retention_paperdestruction ENABLE ALWAYS TRIGGER retention_papers_are_never_changed;
ALTER TABLE retention_paperdestruction ENABLE ALWAYS TRIGGER retention_papers_are_never_emptied;
"""

UNMAKE = """
DROP TRIGGER retention_papers_are_never_emptied ON retention_paperdestruction;
DROP TRIGGER retention_papers_are_never_changed ON retention_paperdestruction;
DROP TRIGGER retention_register_is_never_emptied ON retention_registerentry;
DROP TRIGGER retention_register_is_only_confirmed ON retention_registerentry;
DROP TRIGGER retention_certificates_are_never_emptied ON retention_certificate;
DROP TRIGGER retention_certificates_are_never_changed ON retention_certificate;
DROP FUNCTION retention_keep_register();
DROP FUNCTION retention_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("retention", "0001_holds_runs_and_register")]

    operations = [migrations.RunSQL(MAKE, UNMAKE, hints={"database": "default"})]
