"""What `portal.toml` says, read strictly, and the secrets beside it."""

import secrets
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

from config.databases import (
    ALL_DATABASES,
    JOURNAL,
    LOGIN_ROLES,
    WHO_CONNECTS,
)
from deploy.installer.plan import Stopped

ETC = Path("/etc/portal")
ALIASES = {"general": "default", "personal": "personal", "archive": "archive", "journal": JOURNAL}
PROCESSES = ("pages", "intake", "worker", "keys", "sealer", "notary", "owner", "auditor")
ROLES = {
    "pages": "portal_app", "intake": "portal_intake", "worker": "portal_worker", "keys": "portal_keys",
    "sealer": "portal_sequencer", "notary": "portal_notary", "owner": "portal_owner", "auditor": "portal_auditor",
}  # fmt: skip
SECTIONS = {
    "portal": {
        "host", "mail_server", "mail_from", "representative", "auditors", "trusted_proxies", "clamd_socket",
        "ledger_origin",
    },
    "host": {"runs"},
    "databases": set(ALIASES),
    "web": {"hosts", "workers", "threads"},
    "notary": {"vkeys", "earlier"},
    "backups": {"repository", "clusters"},
    "witnesses": None,
    "settings": None,
}  # fmt: skip


# Where portal-backup.service may write.
REPOSITORIES = ("/var/lib/pgbackrest", "/srv/", "/mnt/")


@dataclass(frozen=True)
class Witness:
    """One who cosigns: the name in the policy, the verifier key, the address."""

    name: str
    vkey: str
    url: str


class Configuration:
    """One installation. Raises ``Stopped`` for what is missing or unknown in the file."""

    def __init__(self, path: Path) -> None:
        try:
            said = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise Stopped(f"{path}: {error}") from error
        _refuse_unknown(said, path)
        try:
            self.portal: dict[str, Any] = said["portal"]
            wanted = [name for name in ALIASES if name != JOURNAL or name in said["databases"]]
            self.databases = {ALIASES[name]: urlsplit(said["databases"][name]) for name in wanted}
            missing = SECTIONS["portal"] - self.portal.keys()  # type: ignore[operator]
            if missing:
                raise KeyError(min(missing))
        except KeyError as error:
            raise Stopped(f"{path} does not say {error.args[0]}.") from error
        self.runs: list[str] = said.get("host", {}).get("runs", list(PROCESSES))
        if strange := set(self.runs) - set(PROCESSES):
            raise Stopped(f"{path}: [host] runs {min(strange)}, which is none of {', '.join(PROCESSES)}.")
        self.web: dict[str, int] = {"hosts": 1, "workers": 2, "threads": 4, **said.get("web", {})}
        self.vkeys: list[str] = said.get("notary", {}).get("vkeys", [])
        self.earlier_vkeys: list[str] = said.get("notary", {}).get("earlier", [])
        backups = said.get("backups", {})
        self.repository: str = backups.get("repository", "/var/lib/pgbackrest")
        self.clusters: dict[str, str] = backups.get("clusters", {})
        if strange := self.clusters.keys() - ALIASES.keys() | self.clusters.keys() & {JOURNAL}:
            raise Stopped(
                f"{path}: [backups] names the cluster {min(strange)}; general, personal and archive are backed up."
            )
        if not self.repository.startswith(REPOSITORIES):
            raise Stopped(f"{path}: the repository of [backups] lies below none of {', '.join(REPOSITORIES)}.")
        witnesses = dict(said.get("witnesses", {}))
        self.quorum: int = witnesses.pop("quorum", len(witnesses))
        self.witnesses = [Witness(name, one["vkey"], one["url"]) for name, one in witnesses.items()]
        settings = said.get("settings", {})
        self.settings: dict[str, str] = {k: str(v) for k, v in settings.items() if not isinstance(v, dict)}
        self.own_settings: dict[str, dict[str, str]] = {k: v for k, v in settings.items() if isinstance(v, dict)}
        for process in (name for name, own in self.own_settings.items() if "KEY_BACKUP_DAYS" in own):
            raise Stopped(
                f"{path}: KEY_BACKUP_DAYS stands in [settings.{process}]. Certificates print it and backups are kept "
                "by it, so it is one for all: in [settings]."
            )

    def servers(self) -> dict[str, list[str]]:
        """Return the servers by their administrator's address, and which databases are on each."""
        found: dict[str, list[str]] = {}
        for alias, address in self.databases.items():
            found.setdefault(address.geturl(), []).append(alias)
        return found

    def place(self, role: str, alias: str) -> str:
        """Return the first database on the same server that a role signs in to: it has one password on a server."""
        here = self.databases[alias].geturl()
        return next(a for a, server in self.databases.items() if server.geturl() == here and connects(role, a))

    def address(self, alias: str, role: str, password: str) -> str:
        """Return the address at which a role reaches a database."""
        server = self.databases[alias]
        place = server.netloc.rpartition("@")[2]
        return SplitResult(
            "postgresql", f"{role}:{quote(password, safe='')}@{place}", f"/{ALL_DATABASES[alias]}", server.query, ""
        ).geturl()

    def connections(self) -> int:
        """Return how many connections all hosts' pages, intake and workers open to one database at most."""
        web = self.web["workers"] * self.web["threads"] * 2
        jobs = int(self.settings.get("WORKERS", 2)) + 3
        return int(self.web["hosts"]) * (web + jobs) + 8


def _refuse_unknown(said: dict[str, Any], path: Path) -> None:
    for section, values in said.items():
        if section not in SECTIONS:
            raise Stopped(f"{path}: nothing reads [{section}].")
        known = SECTIONS[section]
        if known is not None and (strange := values.keys() - known):
            raise Stopped(f"{path}: nothing reads {min(strange)} of [{section}].")


class Secrets:
    """What no person chooses: the SECRET_KEY, the backups' passphrase, a password for each role on each server."""

    def __init__(self, path: Path = ETC / "secrets.toml") -> None:
        self.path = path
        self.values: dict[str, str] = tomllib.loads(path.read_text()) if path.exists() else {}

    def names(self) -> list[str]:
        """Return the names of all that there must be."""
        roles = [f"{role}.{alias}" for alias in ALL_DATABASES for role in LOGIN_ROLES if connects(role, alias)]
        return ["SECRET_KEY", "backups", *roles]

    def are_complete(self) -> bool:
        return not set(self.names()) - self.values.keys()

    def make(self) -> None:
        """Make what is missing; what is there stays."""
        self.values = {name: self.values.get(name) or secrets.token_urlsafe(48) for name in self.names()}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.touch(mode=0o600)
        self.path.chmod(0o600)
        lines = [f'"{name}" = "{value}"\n' for name, value in self.values.items()]
        partial = self.path.with_suffix(".new")
        partial.touch(mode=0o600)
        partial.write_text("# Made by deploy/install. Whoever reads it is every process.\n" + "".join(lines))
        partial.replace(self.path)

    def password(self, role: str, alias: str) -> str:
        return self.values.get(f"{role}.{alias}", "")


def connects(role: str, alias: str) -> bool:
    """Whether a role signs in to a database."""
    return role == "portal_owner" or role in WHO_CONNECTS[alias]
