"""Whoever approves a token of the directory is a second person (decision 0106)."""

from django.db import migrations

TWO_PEOPLE = """
CREATE TRIGGER scim_credential_has_two_people BEFORE INSERT OR UPDATE ON scim_provisioningcredential
    FOR EACH ROW EXECUTE FUNCTION accounts_approved_by_second_person('approved_by', 'approved_at', 'asked_by');
ALTER TABLE scim_provisioningcredential ENABLE ALWAYS TRIGGER scim_credential_has_two_people;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_emergencies"), ("scim", "0001_schema")]
    operations = [migrations.RunSQL(TWO_PEOPLE)]
