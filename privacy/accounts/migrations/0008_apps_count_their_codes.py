"""The secret of an authenticator app stays; the step of the code that was taken last goes on with each sign-in."""

from django.db import migrations

KEPT = """
DROP TRIGGER accounts_factor_keeps_its_secret ON mfa_authenticator;
CREATE TRIGGER accounts_factor_keeps_its_secret BEFORE UPDATE ON mfa_authenticator
    FOR EACH ROW WHEN (OLD.type = 'totp' AND NEW.data - 'step' IS DISTINCT FROM OLD.data - 'step')
    EXECUTE FUNCTION accounts_factor_keeps_its_person();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_apps_keep_their_secret")]
    operations = [migrations.RunSQL(KEPT)]
