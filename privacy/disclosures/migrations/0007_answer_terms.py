"""Load by when recipients prove a correction and how often they are asked again, from ``editions/``."""

import tomllib
from pathlib import Path

from django.db import migrations

EDITION = Path(__file__).resolve().parent.parent / "editions" / "answers.toml"


def load(apps, schema_editor):
    if schema_editor.connection.alias != "default":
        return
    for row in tomllib.loads(EDITION.read_text(encoding="utf-8"))["parameters"]:
        apps.get_model("policies", "Parameter").objects.create(**row)


class Migration(migrations.Migration):
    dependencies = [("disclosures", "0006_correction_proofs"), ("policies", "0003_data")]
    operations = [migrations.RunPython(load)]
