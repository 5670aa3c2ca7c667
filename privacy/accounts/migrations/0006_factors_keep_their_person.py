"""A second factor stays with its person and of its kind: otherwise the last one is taken away without a reset (0420)."""

from django.db import migrations

KEPT = """
CREATE FUNCTION accounts_factor_keeps_its_person() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'second factor % stays with its person and of its kind', OLD.id
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER accounts_factor_keeps_its_person BEFORE UPDATE ON mfa_authenticator
    FOR EACH ROW WHEN (NEW.user_id <> OLD.user_id OR NEW.type <> OLD.type)
    EXECUTE FUNCTION accounts_factor_keeps_its_person();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_opened_with_nothing"), ("mfa", "0003_authenticator_type_uniq")]
    operations = [migrations.RunSQL(KEPT)]
