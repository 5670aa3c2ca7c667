"""The second factors of a closed account go with it (decision 0420): nobody signs in with it by a password alone."""

from django.db import migrations

FUNCTION = """
CREATE OR REPLACE FUNCTION accounts_last_factor_goes_by_a_reset() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.type = 'recovery_codes'
       OR EXISTS (SELECT FROM mfa_authenticator WHERE user_id = OLD.user_id AND type <> 'recovery_codes')
       OR EXISTS (SELECT FROM accounts_user WHERE id = OLD.user_id AND NOT is_active)
       OR EXISTS (
           SELECT FROM accounts_invitation WHERE user_id = OLD.user_id AND used_at IS NULL AND withdrawn_at IS NULL
       ) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'the last second factor of % goes by a reset', OLD.user_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'last_factor_goes_by_a_reset';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_emergencies")]
    operations = [migrations.RunSQL(FUNCTION)]
