"""Load the days ahead of which the officers hear of roles that end, from ``editions/``."""

import tomllib
from pathlib import Path

from django.db import migrations

EDITION = Path(__file__).resolve().parent.parent / "editions" / "parameters.toml"


def load(apps, schema_editor):
    if schema_editor.connection.alias != "default":
        return
    parameters = apps.get_model("policies", "Parameter").objects
    for row in tomllib.loads(EDITION.read_text(encoding="utf-8"))["parameters"]:
        if row["code"] == "grants.remind.days":
            parameters.get_or_create(code=row.pop("code"), effective_on=row.pop("effective_on"), defaults=row)


class Migration(migrations.Migration):
    dependencies = [("workforce", "0003_signed_is_final")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
