"""Foreign keys, also those written as strings, point downwards in the house's layers, and never across databases."""

import tomllib
from pathlib import Path

from django.apps import apps
from django.db import router

ROOT = Path(__file__).resolve().parents[2]
OURS = ("privacy.", "devices", "consents")


def ranks() -> dict[str, int]:
    """Return each package's floor: 0 is the lowest."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = contracts[0]["layers"]
    found = {}
    for height, layer in enumerate(reversed(layers)):
        for package in layer.split("|"):
            found[package.strip()] = height
    return found


def our_models() -> list[type]:
    return [model for model in apps.get_models() if model._meta.app_config.name.startswith(OURS)]


def test_keys_point_downwards() -> None:
    floor = ranks()
    offences = []
    for model in our_models():
        for field in model._meta.get_fields():
            if not (field.is_relation and field.concrete and field.related_model):
                continue
            target = field.related_model._meta.app_config.name
            if target in floor and floor[target] > floor[model._meta.app_config.name]:
                offences.append(f"{model._meta.label}.{field.name} → {field.related_model._meta.label}")
    assert not offences, "Keys point upwards; keep an id instead:\n" + "\n".join(offences)


def test_no_key_crosses_databases() -> None:
    offences = []
    for model in our_models():
        for field in model._meta.get_fields():
            related = field.related_model if field.is_relation and field.concrete else None
            if related and router.db_for_write(model) != router.db_for_write(related):
                offences.append(f"{model._meta.label}.{field.name} → {related._meta.label}")
    assert not offences, "No foreign keys across databases (docs/architecture.md):\n" + "\n".join(offences)


def test_every_app_has_a_floor() -> None:
    floor = ranks()
    homeless = {m._meta.app_config.name for m in our_models()} - set(floor)
    assert not homeless
