"""What an installation does with the portal's own commands: keys, migrations, files, the notary's first checkpoint."""

import subprocess
from collections.abc import Iterator

from deploy.installer import host
from deploy.installer.configuration import ETC, Configuration
from deploy.installer.environment import NOTARY_STATE, STATE, witness_policy
from deploy.installer.plan import Step, Stopped, Unknown, always

KEYS = ("master.key", "index.key", "certificate.key")


def steps(configuration: Configuration) -> Iterator[Step]:
    """Yield what the processes of this host need before they start."""
    runs = configuration.runs
    if "owner" in runs:
        yield Step(
            "the databases are migrated, and each role has its rights",
            always,
            lambda: host.manage("owner", "migrate_all", "-v0"),
        )
    if "keys" in runs:
        yield Step(
            f"the keys in {ETC / 'keys'}, as {host.user('keys')}",
            lambda: all((ETC / "keys" / name).exists() for name in KEYS),
            _make_keys if "owner" in runs else _refuse_to_make_keys,
        )
    if "owner" in runs:
        yield Step(
            "the schedules are those of this release", always, lambda: host.manage("owner", "sync_schedules", "-v0")
        )
    if "pages" in runs:
        yield Step(
            f"the pages' files in {STATE / 'static'}", always,
            lambda: host.manage("pages", "collectstatic", "--noinput", "--clear", "-v0"),
        )  # fmt: skip
    if "notary" in runs:
        yield Step(
            f"the notary's key in {NOTARY_STATE}, as {host.user('notary')}",
            lambda: (NOTARY_STATE / "vkeys").exists(),
            lambda: host.manage("notary", "notary", "--make-key", "--once"),
        )


def _make_keys() -> None:
    """Make the keys of a new portal. Raises ``Stopped`` where data is sealed under others."""
    asked = "from privacy.vault.models import KeyCheck; print(KeyCheck.objects.count())"
    if host.manage("keys", "shell", "--no-imports", "-c", asked).strip() != "0":
        raise Stopped(f"Data is sealed already: put its keys into {ETC / 'keys'}. New ones would open nothing.")
    host.manage("keys", "make_keys", "--for-production", "--if-missing", "-v0")


def _refuse_to_make_keys() -> None:
    raise Stopped(f"Put the key files of the first host into {ETC / 'keys'}: all hosts have the same.")


def after_the_notary(configuration: Configuration) -> Iterator[Step]:
    """Yield the policy of witnesses, which names the notary's key."""
    if configuration.witnesses:
        path = ETC / "witness-policy"

        def text() -> str:
            try:
                return witness_policy(configuration)
            except IndexError:
                raise Unknown from None

        yield Step(
            f"file {path}", lambda: path.exists() and path.read_text() == text(), lambda: path.write_text(text())
        )


def check(configuration: Configuration) -> int:
    """Run ``check --deploy`` as each process of this host; return 1 where one has something to say."""
    worst = 0
    for process in configuration.runs:
        command = [str(host.COMMAND), process, "check", "--deploy", "--fail-level", "WARNING"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        print(f"{'=' if done.returncode == 0 else '!'} {process}: {(done.stdout + done.stderr).strip()}")
        worst = max(worst, min(done.returncode, 1))
    return worst
