"""The secret of an authenticator app is put in another's place by no UPDATE either (0420)."""

from django.db import migrations

KEPT = """
CREATE TRIGGER accounts_factor_keeps_its_secret BEFORE UPDATE ON mfa_authenticator
    FOR EACH ROW WHEN (OLD.type = 'totp' AND NEW.data IS DISTINCT FROM OLD.data)
    EXECUTE FUNCTION accounts_factor_keeps_its_person();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_factors_keep_their_person"), ("mfa", "0003_authenticator_type_uniq")]
    operations = [migrations.RunSQL(KEPT)]
