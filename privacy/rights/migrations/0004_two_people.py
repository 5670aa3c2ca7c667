"""Whoever approves is a second person, by the accounts' rule (decision 0106)."""

from django.db import migrations

TWO_PEOPLE = """
CREATE TRIGGER rights_postponed_by_two_people BEFORE INSERT OR UPDATE ON rights_postponement
    FOR EACH ROW EXECUTE FUNCTION accounts_approved_by_second_person('approved_by', 'approved_at', 'postponed_by');
CREATE TRIGGER rights_objection_has_two_people BEFORE INSERT OR UPDATE ON rights_objection
    FOR EACH ROW EXECUTE FUNCTION accounts_approved_by_second_person('reviewer', 'reviewed_at', 'decider');
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_guards"), ("rights", "0003_guards")]
    operations = [migrations.RunSQL(TWO_PEOPLE)]
