"""Load by when the source of data is told, from ``editions/``."""

import tomllib
from pathlib import Path

from django.db import migrations

EDITION = Path(__file__).resolve().parent.parent / "editions" / "source.toml"


def load(apps, schema_editor):
    if schema_editor.connection.alias != "default":
        return
    for row in tomllib.loads(EDITION.read_text(encoding="utf-8"))["parameters"]:
        apps.get_model("policies", "Parameter").objects.create(**row)


class Migration(migrations.Migration):
    dependencies = [("rights", "0013_source_of_data"), ("policies", "0003_data")]

    operations = [migrations.RunPython(load)]
