"""Load the policy in force since 2020-12-01 with its officer, agencies and parameters, from ``editions/``.

Its parts are written while it is a draft: of what is published the database refuses every change (0002).
"""

import json
import tomllib
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

EDITIONS = Path(__file__).resolve().parent.parent / "editions"
NUMBER = "2020-12-01"
# Midnight of the day in Korea.
PUBLISHED_AT = datetime(2020, 11, 30, 15, 0, tzinfo=UTC)


def read(name: str) -> dict:
    return tomllib.loads((EDITIONS / name).read_text(encoding="utf-8"))


def load(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.alias != "default":
        return
    rules, text = read(f"{NUMBER}.rules.toml"), read(f"{NUMBER}.text.toml")
    purposes = {
        row["code"]: apps.get_model("policies", "Purpose").objects.create(position=position, **row)
        for position, row in enumerate(rules["purposes"])
    }
    version = apps.get_model("policies", "PolicyVersion").objects.create(
        number=rules["number"],
        state="draft",
        effective_on=rules["effective_on"],
        reason_ko=rules["reason_ko"],
        reason_en=rules["reason_en"],
        drafted_at=PUBLISHED_AT,
    )
    for position, row in enumerate(rules["categories"]):
        load_category(apps, version, position, row, purposes)
    for position, row in enumerate(rules["preservation"]):
        apps.get_model("policies", "PreservationRule").objects.create(version=version, position=position, **row)
    for position, row in enumerate(text["sections"]):
        bodies = {name: row.pop(name, "").strip() for name in ("body_ko", "body_en")}
        apps.get_model("policies", "Section").objects.create(version=version, position=position, **bodies, **row)
    # The published document as it was sealed; a test shows that the tables compose to exactly this.
    version.document = json.loads((EDITIONS / f"{NUMBER}.document.json").read_text(encoding="utf-8"))
    spelled = json.dumps(version.document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    version.seal = sha256(spelled.encode()).hexdigest()
    version.state, version.published_at = "published", PUBLISHED_AT
    version.save()
    apps.get_model("policies", "Officer").objects.create(**rules["officer"])
    for position, row in enumerate(rules["agencies"]):
        apps.get_model("policies", "Agency").objects.create(position=position, **row)
    for row in read("parameters.toml")["parameters"]:
        apps.get_model("policies", "Parameter").objects.create(**row)


def load_category(apps: Apps, version: object, position: int, row: dict, purposes: dict) -> None:
    declared, retention, items = row.pop("purposes"), row.pop("retention"), row.pop("items")
    category = apps.get_model("policies", "Category").objects.create(version=version, position=position, **row)
    category.purposes.set([purposes[code] for code in declared])
    apps.get_model("policies", "RetentionRule").objects.create(category=category, **retention)
    for place, item in enumerate(items):
        apps.get_model("policies", "Item").objects.create(category=category, position=place, **item)


class Migration(migrations.Migration):
    dependencies = [("policies", "0002_guards")]

    operations = [migrations.RunPython(load)]
