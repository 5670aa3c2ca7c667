"""What ``make production`` installs of Debian, on stand-ins: no server starts, its files are checked."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()
APT = """echo "$*" >> "$HERE/asked"
[ "$1" = update ] || { cp "$HERE/usr/sbin/policy-rc.d" "$HERE/policy"; for one in haproxy nginx; do
: > "$HERE/usr/lib/systemd/system/$one.service"; done; }"""


def packages(place: Path, *arguments: str, user: int = 0) -> subprocess.CompletedProcess[str]:
    """Run the program as shipped, but on a disk of its own."""
    for folder in ("bin", "usr/sbin", "usr/lib/systemd/system"):
        (place / folder).mkdir(parents=True, exist_ok=True)
    does = {"apt-get": APT, "id": f"echo {user}", "systemctl": 'echo "$*" >> "$HERE/units"'}
    for name, text in does.items():
        (place / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
        (place / "bin" / name).chmod(0o755)
    program = place / "packages"
    program.write_text((ROOT / "deploy" / "drill" / "packages").read_text().replace("/usr/", f"{place}/usr/"))
    env = {**os.environ, "PATH": f"{place}/bin:{os.environ['PATH']}", "HERE": str(place)}
    text = program.read_text().replace(f"#!{place}/usr/bin/env", "#!/usr/bin/env")
    program.write_text(text)
    return subprocess.run(["bash", program, *arguments], env=env, capture_output=True, text=True, check=False)


def test_the_lists_are_fresh_and_no_new_server_starts(tmp_path: Path) -> None:
    old = tmp_path / "usr/lib/systemd/system"
    old.mkdir(parents=True)
    (old / "nginx.service").touch()
    done = packages(tmp_path, "full")
    assert done.returncode == 0, done.stderr
    update, install = (tmp_path / "asked").read_text().splitlines()
    assert update.startswith("update") and {"haproxy", "patroni", "libfaketime"} <= set(install.split())
    assert (tmp_path / "policy").read_text().endswith("exit 101\n")
    assert not (tmp_path / "usr/sbin/policy-rc.d").exists()
    assert (tmp_path / "units").read_text() == "disable --quiet haproxy\n", "a server that was there is left alone"


@pytest.mark.parametrize("machine", ["x86_64-linux-gnu", "aarch64-linux-gnu"])
def test_what_is_there_is_not_installed_on_any_machine(tmp_path: Path, machine: str) -> None:
    (tmp_path / "usr/lib" / machine / "faketime").mkdir(parents=True)
    assert packages(tmp_path, "full").returncode == 0
    assert "libfaketime" not in (tmp_path / "asked").read_text()


@pytest.mark.parametrize("arguments", [(), ("full",)])
def test_who_is_not_root_is_told_what_to_install(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = packages(tmp_path, *arguments, user=1000)
    assert done.returncode == 1 and "haproxy" in done.stdout and not (tmp_path / "asked").exists()


def test_production_checks_the_balancers_file_once_its_program_is_there() -> None:
    """On a fresh machine the tests come first and skip it."""
    recipe = re.search(r"^production:.*?\n\n", MAKEFILE, re.DOTALL | re.MULTILINE)
    assert recipe is not None and "apt-get" not in recipe[0]
    assert recipe[0].index("deploy/drill/packages") < recipe[0].index("test_the_balancer_takes_its_configuration")
