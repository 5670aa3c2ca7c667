"""Whoever approves is a second person, by the accounts' rule (decision 0106)."""

from django.db import migrations

TWO_PEOPLE = """
CREATE TRIGGER incidents_closed_by_two_people BEFORE INSERT OR UPDATE ON incidents_incident
    FOR EACH ROW EXECUTE FUNCTION accounts_approved_by_second_person('closed_by', 'closed_at', 'proposed_by');
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_guards"), ("incidents", "0001_schema")]
    operations = [migrations.RunSQL(TWO_PEOPLE)]
