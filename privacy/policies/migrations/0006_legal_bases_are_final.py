"""The legal bases of a published version are final as its other rows are (0002)."""

from django.db import migrations

FINAL = """
CREATE TRIGGER policies_parts_are_final BEFORE INSERT OR UPDATE OR DELETE ON policies_legalbasis
    FOR EACH ROW EXECUTE FUNCTION policies_parts_are_final('category_id');
"""


class Migration(migrations.Migration):
    dependencies = [("policies", "0005_legal_bases")]

    operations = [migrations.RunSQL(FINAL)]
