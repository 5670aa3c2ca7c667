"""The environment file of each process: what it needs, and nothing that is another's."""

import re
from pathlib import Path

from config.databases import GENERAL_ROLES, JOURNAL, PROCESS_ROLES, role_in
from deploy.installer.configuration import ETC, ROLES, Configuration, Secrets, connects

STATE = Path("/var/lib/portal")
NOTARY_STATE = Path("/var/lib/portal-notary")
MIRROR = Path("/var/lib/portal-mirror")
ANCHORS = Path("/var/lib/portal-anchors")
KEY_SOCKETS = Path("/run/portal-keys")
VARIABLE = {
    "default": "DATABASE_URL",
    "personal": "PERSONAL_DATABASE_URL",
    "archive": "ARCHIVE_DATABASE_URL",
    JOURNAL: "JOURNAL_DATABASE_URL",
}
PORTS = {"pages": "8001", "intake": "8002"}
# Who sends mail, and so knows the mail server's password.
SENDERS = ("worker", "notary")
# A shell and systemd read these alike without quotes.
PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./?\[\]-]*")


def environment(configuration: Configuration, secrets: Secrets, process: str) -> str:
    """Return the text of a process's environment file, which both systemd and a shell read."""
    values = {
        **_everybodys(configuration),
        **_own(configuration, secrets, process),
        "EMAIL_URL": configuration.portal["mail_server"] if process in SENDERS else "",
        **_addresses(configuration, secrets, process),
        **configuration.settings,
        **configuration.own_settings.get(process, {}),
    }
    lines = [f"{name}={_quoted(value)}\n" for name, value in values.items() if value]
    return f"# {process}: written by deploy/install from {ETC / 'portal.toml'}; change that file.\n{''.join(lines)}"


def _everybodys(configuration: Configuration) -> dict[str, str]:
    portal = configuration.portal
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PORTAL_HOME": str(STATE),
        "PORTAL_URL": f"https://{portal['host']}",
        "LEDGER_ORIGIN": portal["ledger_origin"],
        "MIRROR_DIR": str(MIRROR),
        "ANCHOR_DIR": str(ANCHORS),
        "NOTARY_STATE_DIR": str(NOTARY_STATE),
        "DESTRUCTION_JOURNAL_DIR": "" if JOURNAL in configuration.databases else str(STATE / "destructions"),
        "DEFAULT_FROM_EMAIL": portal["mail_from"],
        "REPRESENTATIVE_EMAIL": portal["representative"],
        "CLAMD_SOCKET": portal["clamd_socket"],
        "NOTARY_VKEYS": ",".join(vkeys(configuration)),
        "WITNESS_POLICY": str(ETC / "witness-policy") if configuration.witnesses and vkeys(configuration) else "",
    }


def _own(configuration: Configuration, secrets: Secrets, process: str) -> dict[str, str]:
    if process in PROCESS_ROLES:
        host = configuration.portal["host"]
        return {
            "PORTAL_PROCESS": process,
            "SECRET_KEY": secrets.values.get("SECRET_KEY", ""),
            "ALLOWED_HOSTS": host,
            "CSRF_TRUSTED_ORIGINS": f"https://{host}",
            "TRUSTED_PROXIES": ",".join(configuration.portal["trusted_proxies"]),
            "KEY_SERVICE_DIR": str(KEY_SOCKETS),
            "PORT": PORTS.get(process, ""),
            "WEB_WORKERS": str(configuration.web["workers"]) if process in PORTS else "",
            "WEB_THREADS": str(configuration.web["threads"]) if process in PORTS else "",
        }
    own = {"PORTAL_ROLE": ROLES[process]}
    if process == "keys":
        own |= {
            f"{name}_KEY_FILE": str(ETC / "keys" / f"{name.lower()}.key") for name in ("MASTER", "INDEX", "CERTIFICATE")
        }
        own["KEY_SERVICE_DIR"] = str(KEY_SOCKETS)
        own["KEY_SERVICE_USERS"] = ",".join(f"{name}=portal-{name}" for name in PROCESS_ROLES)
    if process == "notary":
        own["ANCHOR_EMAILS"] = ",".join(configuration.portal["auditors"])
    return own


def _addresses(configuration: Configuration, secrets: Secrets, process: str) -> dict[str, str]:
    role = ROLES[process]
    aliases = ["default"] if role in GENERAL_ROLES else list(configuration.databases)
    roles = {alias: role_in(alias, role) for alias in aliases}
    return {
        VARIABLE[alias]: configuration.address(
            alias, as_whom, secrets.password(as_whom, configuration.place(as_whom, alias))
        )
        for alias, as_whom in roles.items()
        if connects(as_whom, alias) and (alias, process) != ("archive", "intake")
    }


def vkeys(configuration: Configuration) -> list[str]:
    """Return the notary's public keys, then those of earlier ones: of the file, else what this host's notary made."""
    made = NOTARY_STATE / "vkeys"
    own = configuration.vkeys or (made.read_text().split() if made.exists() else [])
    return [*own, *configuration.earlier_vkeys] if own else []


def witness_policy(configuration: Configuration) -> str:
    """Return the policy of witnesses (C2SP tlog-policy)."""
    names = " ".join(one.name for one in configuration.witnesses)
    return "".join(
        [
            f"log {vkeys(configuration)[0]}\n",
            *(f"witness {one.name} {one.vkey} {one.url}\n" for one in configuration.witnesses),
            f"group witnesses {configuration.quorum} {names}\n",
            "quorum witnesses\n",
        ]
    )


def _quoted(value: str) -> str:
    return value if PLAIN.fullmatch(value) else f"'{value}'"
