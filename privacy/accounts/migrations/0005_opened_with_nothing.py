"""A closed account opens again with nothing (decision 0420): no password, no second factor, no grant that still lasts.

Otherwise who closes, removes the last second factor and opens again at once keeps roles without a reset by two.
"""

from django.db import migrations

OPENS = """
CREATE FUNCTION accounts_opens_again_with_nothing() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    -- Django writes a password that nobody can enter with this sign before it.
    IF left(NEW.password, 1) = '!'
       AND NOT EXISTS (SELECT FROM mfa_authenticator WHERE user_id = NEW.id)
       AND NOT EXISTS (
           SELECT FROM accounts_accessgrant WHERE user_id = NEW.id AND revoked_at IS NULL
             AND valid_until >= (now() AT TIME ZONE 'Asia/Seoul')::date
       ) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'account % opens again with nothing of what it had', NEW.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'opens_again_with_nothing';
END $$;
CREATE TRIGGER accounts_opens_again_with_nothing BEFORE UPDATE ON accounts_user
    FOR EACH ROW WHEN (NEW.is_active AND NOT OLD.is_active) EXECUTE FUNCTION accounts_opens_again_with_nothing();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_factors_of_leavers"), ("mfa", "0003_authenticator_type_uniq")]
    operations = [migrations.RunSQL(OPENS)]
