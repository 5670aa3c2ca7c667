"""Whoever approves is a second person, by the accounts' rule (decision 0106)."""

from django.db import migrations

TWO_PEOPLE = """
CREATE TRIGGER safeguards_plan_has_two_people BEFORE INSERT OR UPDATE ON safeguards_managementplan
    FOR EACH ROW EXECUTE FUNCTION accounts_approved_by_second_person('approved_by', 'approved_at', 'drafted_by');
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_guards"), ("safeguards", "0001_schema")]
    operations = [migrations.RunSQL(TWO_PEOPLE)]
