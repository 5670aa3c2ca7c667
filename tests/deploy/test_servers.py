"""What an installation asks of a database server before it changes anything there."""

from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from deploy.installer import servers
from deploy.installer.configuration import Configuration, Secrets
from deploy.installer.plan import Stopped

ROOT = Path(__file__).resolve().parents[2]


def described(folder: Path, **web: int) -> Configuration:
    """An installation on the tests' own server."""
    address = settings.EMBEDDED_SERVER.url("postgres", "postgres")
    text = (ROOT / "deploy" / "portal.toml").read_text()
    for name, value in web.items():
        text = text.replace(f"{name} = {1 if name == 'hosts' else 4}\n", f"{name} = {value}\n")
    for name in ("general", "personal", "archive"):
        start = text.index(f'{name} = "postgresql')
        text = text[:start] + f'{name} = "{address}"' + text[text.index("\n", start) :]
    path = folder / "portal.toml"
    path.write_text(text)
    return Configuration(path)


@pytest.mark.asvs("13.2.6")
@pytest.mark.truth("20.4")
def test_a_server_that_takes_too_few_connections_is_named_with_the_number(tmp_path: Path) -> None:
    """394 of 600 answers were a 503: the processes open more connections than the server takes."""
    configuration = described(tmp_path, hosts=4, threads=8)
    with pytest.raises(
        Stopped, match=r"takes 100 connections, 3 of them reserved; \[web\] needs (\d+)\. Raise"
    ) as told:
        next(servers.steps(configuration, Secrets(tmp_path / "secrets.toml")))
    # 4 hosts × (pages and intake: 2 × 8 each, worker: 2 jobs and 3) and 8 others, for each of three databases; 10 spare
    assert "needs 478" in str(told.value)


def test_a_server_that_is_away_is_named(tmp_path: Path) -> None:
    configuration = described(tmp_path)
    configuration.databases["default"] = configuration.databases["default"]._replace(
        netloc="postgres@127.0.0.1:1", query=""
    )
    with pytest.raises(Stopped, match=r"127\.0\.0\.1:1 \(default\): .*refused"):
        next(servers.steps(configuration, Secrets(tmp_path / "secrets.toml")))


def test_roles_that_are_there_are_left_alone(portal_database: object, tmp_path: Path) -> None:
    secrets = Secrets(tmp_path / "secrets.toml")
    step = next(servers.steps(described(tmp_path, hosts=1, threads=1), secrets))
    assert "the roles are there" in step.says and step.is_done()


@pytest.mark.asvs("13.2.3")
def test_a_role_signs_in_only_with_its_password() -> None:
    address = settings.EMBEDDED_SERVER.url("postgres", "postgres")
    with psycopg.connect(address, autocommit=True) as connection:
        assert not servers._opens(connection, "portal_app", "wrong")
        assert servers._opens(connection, "portal_app", connection.info.password)


@pytest.mark.parametrize("left", ["", '"portal_app.default" = "kept"\n'])
def test_new_secrets_are_not_made_over_roles_that_are_there(portal_database: object, tmp_path: Path, left: str) -> None:
    """A new SECRET_KEY opens no second factor, and new passwords lock out what runs."""
    path = tmp_path / "secrets.toml"
    if left:
        path.write_text(left)
    with pytest.raises(Stopped, match=r"secrets\.toml has no SECRET_KEY, but .* has the portal's roles") as told:
        servers.refuse_other_secrets(described(tmp_path), Secrets(path))
    assert "Put it back" in str(told.value)
    assert path.exists() == bool(left)
    whole = Secrets(path)
    whole.make()
    servers.refuse_other_secrets(described(tmp_path), whole)


def test_new_secrets_are_made_for_new_servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "LOGIN_ROLES", ("portal_of_nobody",))
    servers.refuse_other_secrets(described(tmp_path), Secrets(tmp_path / "secrets.toml"))


def test_a_further_host_makes_no_secrets_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configuration = described(tmp_path)
    configuration.runs = ["pages", "worker"]
    monkeypatch.setattr(servers.psycopg, "connect", None)
    secrets = Secrets(tmp_path / "secrets.toml")
    with pytest.raises(Stopped, match="Put that of the first host there"):
        servers.refuse_other_secrets(configuration, secrets)
    secrets.make()
    servers.refuse_other_secrets(configuration, secrets)
    del secrets.values["portal_worker.default"]
    with pytest.raises(Stopped, match="Put that of the first host there"):
        servers.refuse_other_secrets(configuration, secrets)
