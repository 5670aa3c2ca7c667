"""``deploy/install``: see ``--help``."""

import argparse
import sys
from pathlib import Path

from deploy.installer import backups, editing, host, portal, servers
from deploy.installer.configuration import ETC, Configuration, Secrets
from deploy.installer.plan import Plan, Step, Stopped


def install(configuration: Configuration, *, dry: bool) -> None:
    """Take every step that is needed, or say which are."""
    plan, secrets, runs = Plan(dry=dry), Secrets(), configuration.runs
    servers.refuse_other_secrets(configuration, secrets)
    plan.title("Users and folders")
    for step in (*host.users(configuration), *host.folders(configuration)):
        plan.take(step)
    plan.title("Secrets")
    plan.take(
        Step(
            f"{secrets.path}: SECRET_KEY, the backups' passphrase, and a password for each role on each server",
            secrets.are_complete,
            secrets.make,
        )
    )
    if "owner" in runs:
        plan.title("Database servers")
        for step in servers.steps(configuration, secrets):
            plan.take(step)
    if configuration.clusters:
        plan.title("Backups")
        for step in backups.steps(configuration, secrets):
            plan.take(step)
    plan.title("Environment files")
    for step in host.files(configuration, secrets):
        plan.take(step)
    plan.title("The portal")
    for step in portal.steps(configuration):
        plan.take(step)
    # Once more: what the notary's host just made stands in them.
    for step in (*portal.after_the_notary(configuration), *host.files(configuration, secrets)):
        plan.take(step)
    plan.title("Services")
    for step in host.units(configuration):
        plan.take(step)
    print(f"\n{'Nothing was changed (--dry-run).' if dry else f'{plan.done} steps were taken.'}")


def main() -> int:
    """Install, or check what is installed. Exit 1: stopped, and the reason."""
    parser = argparse.ArgumentParser(prog="deploy/install", description="Install the portal on this host, or check it.")
    parser.add_argument(
        "--config", type=Path, default=ETC / "portal.toml", help=f"the installation ({ETC / 'portal.toml'})"
    )
    parser.add_argument("--dry-run", action="store_true", help="say every step, take none; = is done, + would be")
    parser.add_argument(
        "--check", action="store_true", help="run check --deploy as every process of this host, and end"
    )
    parser.add_argument(
        "--earlier",
        nargs="+",
        metavar="VKEY",
        help="add these to earlier of [notary] before: the notary they were is lost",
    )
    options = parser.parse_args()
    if options.earlier and (options.dry_run or options.check):
        parser.error("--earlier changes the file: not with --dry-run or --check.")
    try:
        if options.earlier:
            editing.add_earlier(options.config, options.earlier)
        configuration = Configuration(options.config)
        host.require(["useradd", "groupadd", "setpriv"])
        if options.check:
            return portal.check(configuration)
        install(configuration, dry=options.dry_run)
    except Stopped as reason:
        print(f"\nStopped. {reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
