"""Who approves the notice of a transfer of the business is a second person; how long the website shows it."""

import tomllib
from pathlib import Path

from django.db import migrations

EDITION = Path(__file__).resolve().parent.parent / "editions" / "business_transfers.toml"
TWO_PEOPLE = """
CREATE TRIGGER processors_business_has_two_people BEFORE INSERT OR UPDATE ON processors_businesstransfer
    FOR EACH ROW EXECUTE FUNCTION accounts_approved_by_second_person('announced_by', 'announced_at', 'recorded_by');
"""


def load(apps, schema_editor):
    if schema_editor.connection.alias != "default":
        return
    for row in tomllib.loads(EDITION.read_text(encoding="utf-8"))["parameters"]:
        apps.get_model("policies", "Parameter").objects.create(**row)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_guards"), ("policies", "0003_data"), ("processors", "0004_business_transfers")
    ]
    operations = [migrations.RunSQL(TWO_PEOPLE), migrations.RunPython(load)]
