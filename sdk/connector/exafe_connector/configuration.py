"""A connector from a TOML file (README.md shows one for PostgreSQL and the settings of each other kind)."""

import os
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from exafe_connector.adapters.adapter import Adapter
from exafe_connector.application import Connector
from exafe_connector.keys import read_keys
from exafe_connector.store import Store
from exafe_connector.verbs import System

OF_FILE = frozenset({"key", "secrets", "store", "backups_days", "canary", "wait", "system"})
# What stands in a ``[system]`` beside its kind.
OF_SYSTEM = {
    "postgresql": {"dsn", "dsn_env", "read_dsn", "read_dsn_env", "tables", "asks_freeze_list"},
    "mariadb": {"connection", "tables", "asks_freeze_list"},
    "s3": {"bucket", "client", "prefixes"},
    "csv": {"folder", "files", "asks_freeze_list"},
    "parquet": {"folder", "files", "asks_freeze_list"},
    "http": {"search", "read_back", "destroy", "correct", "freeze", "release", "items", "headers"},
}


class ConfigurationWrong(Exception):
    """The file lacks something, or says something that isn't understood."""


def read_connector(path: Path) -> Connector:
    """Return the connector of a file; its paths are relative to it. Raises ConfigurationWrong, KeyFileUnusable."""
    try:
        told = tomllib.loads(path.read_text())
        _must_be_known("the file", told, OF_FILE)
        here = path.parent
        keys = read_keys(here / told["key"])
        secrets = [line.strip().encode() for line in (here / told["secrets"]).read_text().splitlines() if line.strip()]
        store = Store(here / told["store"], keys.listing)
        system = System(adapter_of(told["system"], here), store, told.get("backups_days"), told.get("canary"))
        return Connector(system, keys=keys, secrets=secrets, wait=told.get("wait", 10))
    except KeyError as error:
        raise ConfigurationWrong(f"{path}: {error} is missing.") from None
    except (OSError, TypeError, ValueError) as error:
        raise ConfigurationWrong(f"{path}: {error}") from None


def adapter_of(told: Mapping[str, Any], here: Path) -> Adapter:
    """Return the adapter that a ``[system]`` describes. Raises ConfigurationWrong, KeyError, ValueError."""
    kind = told["kind"]
    if kind not in OF_SYSTEM:
        raise ConfigurationWrong(f"There is no kind of system {kind!r}, only {', '.join(OF_SYSTEM)}.")
    _must_be_known("[system]", told, OF_SYSTEM[kind] | {"kind"})
    asks = bool(told.get("asks_freeze_list", False))
    if kind == "postgresql":
        from exafe_connector.adapters.postgresql import PostgreSQL

        dsn, read = _setting(told, "dsn"), _setting(told, "read_dsn", "")
        return PostgreSQL(dsn, _tables(told), read_dsn=read, asks_freeze_list=asks)
    if kind == "mariadb":
        from exafe_connector.adapters.mariadb import MariaDB

        given = dict(told["connection"])
        if "password_env" in given:
            given["password"] = os.environ[given.pop("password_env")]
        return MariaDB(given, _tables(told), asks_freeze_list=asks)
    if kind == "s3":
        import boto3  # its own chain finds the credentials

        from exafe_connector.adapters.object_store import ObjectStore

        options = dict(told.get("client", {}))
        return ObjectStore(lambda: boto3.session.Session().client("s3", **options), told["bucket"], told["prefixes"])
    if kind == "csv":
        from exafe_connector.adapters.csv_folder import CsvFolder, Files

        files = [_made(Files, "[[system.files]]", one) for one in told["files"]]
        return CsvFolder(here / told["folder"], files, asks_freeze_list=asks)
    if kind == "parquet":
        from exafe_connector.adapters.parquet_folder import ParquetFiles, ParquetFolder

        shapes = [_made(ParquetFiles, "[[system.files]]", one) for one in told["files"]]
        return ParquetFolder(here / told["folder"], shapes, asks_freeze_list=asks)
    from exafe_connector.adapters.http_system import HttpSystem, Mapped, Request

    named = ("search", "read_back", "destroy", "correct", "freeze", "release")
    requests: dict[str, Any] = {name: Request(**told[name]) for name in named if name in told}
    headers = {name: os.path.expandvars(value) for name, value in told.get("headers", {}).items()}
    return HttpSystem(Mapped(items=told["items"], headers=headers, **requests))


def _tables(told: Mapping[str, Any]) -> list[Any]:
    from exafe_connector.adapters.sql_mapping import Table

    return [_made(Table, "[[system.tables]]", one) for one in told["tables"]]


def _must_be_known(where: str, told: Mapping[str, Any], known: Collection[str]) -> None:
    """Raise ConfigurationWrong for a name that nothing reads: a setting with a slip in it would not be obeyed."""
    for name in told:
        if name not in known:
            raise ConfigurationWrong(f"{where} has no setting {name!r}, only {', '.join(sorted(known))}.")


def _made[T](shape: type[T], where: str, told: Mapping[str, Any]) -> T:
    """Return a part of a mapping. Raises ConfigurationWrong, KeyError, ValueError."""
    known = {one.name: one for one in fields(shape) if one.init}  # type: ignore[arg-type]  # dataclasses all
    _must_be_known(where, told, known)
    for name, field in known.items():
        if name not in told and field.default is MISSING and field.default_factory is MISSING:
            raise KeyError(name)
    destroy = told.get("destroy", "row")
    if destroy not in {"row", "blank"}:
        raise ValueError(f"{where}: destroy is 'row' or 'blank', not {destroy!r}.")
    return shape(**_with_sets(told))


def _with_sets(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: frozenset(value) if name == "ignore_case" else value for name, value in told.items()}


def _setting(told: Mapping[str, Any], name: str, *default: str) -> str:
    """Return a setting, or the variable of the environment that the setting of the same name with ``_env`` says."""
    if f"{name}_env" in told:
        return os.environ[told[f"{name}_env"]]
    return str(told[name] if not default else told.get(name, default[0]))
