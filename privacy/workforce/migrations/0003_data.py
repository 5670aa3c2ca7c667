"""Load the first texts of the pledges, the first course and the office's numbers for its people, from ``editions/``.

An installation has them from the start, so that its first people can sign and be trained before anybody opens the vault.
"""

import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

from django.db import migrations

EDITIONS = Path(__file__).resolve().parent.parent / "editions"
SINCE = date(2020, 12, 1)
# Midnight of the day in Korea.
AT = datetime(2020, 11, 30, 15, 0, tzinfo=UTC)


def read(name):
    return tomllib.loads((EDITIONS / f"{name}.toml").read_text(encoding="utf-8"))[name]


def load(apps, schema_editor):
    if schema_editor.connection.alias != "default":
        return
    texts, courses = apps.get_model("workforce", "PledgeText").objects, apps.get_model("workforce", "Course").objects
    for row in read("pledges"):
        words = {name: row.pop(name).strip() for name in ("words_ko", "words_en")}
        texts.create(
            version=1,
            state="approved",
            drafted_by="system:edition",
            drafted_at=AT,
            approved_by="system:installation",
            approved_at=AT,
            effective_on=SINCE,
            **words,
            **row,
        )
    for row in read("courses"):
        material = {name: row.pop(name).strip() for name in ("material_ko", "material_en")}
        courses.create(offered_from=SINCE, **material, **row)
    parameters = apps.get_model("policies", "Parameter").objects
    for row in read("parameters"):
        parameters.create(**row)


class Migration(migrations.Migration):
    dependencies = [("workforce", "0002_guards"), ("policies", "0003_data")]
    operations = [migrations.RunPython(load)]
