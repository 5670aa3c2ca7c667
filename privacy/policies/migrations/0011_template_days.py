"""Days of templates are ones that can be computed with, as those of the rulebook (0002)."""

from django.db import migrations

DAYS = "".join(
    f"ALTER TABLE policies_messagetemplate ADD CONSTRAINT policies_messagetemplate_{name}_in_range"
    f" CHECK ({name} >= '1900-01-01' AND {name} < '2200-01-01');"
    for name in ("drafted_at", "submitted_at", "approved_at")
)


class Migration(migrations.Migration):
    dependencies = [("policies", "0010_authors_do_not_approve_templates")]
    operations = [migrations.RunSQL(DAYS)]
