"""Whoever approves an assessment is a second person, by the accounts' rule (decision 0106)."""

from django.db import migrations

TWO_PEOPLE = """
CREATE TRIGGER safeguards_assessment_has_two_people BEFORE INSERT OR UPDATE ON safeguards_assessment
    FOR EACH ROW EXECUTE FUNCTION accounts_approved_by_second_person('approved_by', 'approved_at', 'submitted_by');
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_guards"), ("safeguards", "0013_assessments")]
    operations = [migrations.RunSQL(TWO_PEOPLE)]
