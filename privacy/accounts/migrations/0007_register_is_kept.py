"""The database itself keeps the register of access: a line changes only by its revocation, and stays for three years.

The three years are the law's (S-10); the rulebook may keep lines longer, never shorter.
"""

from django.db import migrations

GUARD = """
CREATE FUNCTION accounts_register_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.revoked_at IS NULL
           AND to_jsonb(NEW) - ARRAY['revoked_at', 'revoked_by_id', 'revocation']
             = to_jsonb(OLD) - ARRAY['revoked_at', 'revoked_by_id', 'revocation'] THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'grant % is not edited: revoke it and grant again', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF coalesce(OLD.revoked_at, OLD.valid_until + interval '1 day') < now() - interval '3 years' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'grant % is kept for three years after its end', OLD.id USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER accounts_register_is_kept BEFORE UPDATE OR DELETE ON accounts_accessgrant
    FOR EACH ROW EXECUTE FUNCTION accounts_register_is_kept();
"""
OPEN = """
DROP TRIGGER accounts_register_is_kept ON accounts_accessgrant;
DROP FUNCTION accounts_register_is_kept();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_no_other_door")]
    operations = [migrations.RunSQL(GUARD, OPEN)]
