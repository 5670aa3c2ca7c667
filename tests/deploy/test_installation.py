"""What `deploy/install` reads and writes: nothing that it does not know, and for each process its own."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from deploy.installer import environment, host
from deploy.installer.configuration import PROCESSES, Configuration, Secrets
from deploy.installer.plan import Stopped

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "deploy" / "portal.toml"
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
OF_A_PROCESS = [unit for unit in UNITS if unit.stem != "portal-backup"]


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    made = Secrets(tmp_path / "secrets.toml")
    made.make()
    return made


@pytest.mark.asvs("13.2.3")
def test_secrets_are_made_once_and_are_for_root_alone(secrets: Secrets) -> None:
    first = dict(secrets.values)
    again = Secrets(secrets.path)
    assert again.are_complete()
    again.make()
    assert again.values == first
    assert secrets.path.stat().st_mode & 0o777 == 0o600
    assert len(set(first.values())) == len(first) and min(map(len, first.values())) >= 64
    other = Secrets(secrets.path.parent / "another" / "secrets.toml")
    other.make()
    assert other.values.keys() == first.keys() and not {*other.values.values()} & {*first.values()}, "none is a default"


@pytest.mark.asvs("12.3.5", "13.2.1", "13.3.2")
def test_each_process_has_its_own_passwords_and_no_others(secrets: Secrets) -> None:
    configuration = Configuration(EXAMPLE)
    seen: dict[str, str] = {}
    for process in PROCESSES:
        text = environment.environment(configuration, secrets, process)
        for name, value in secrets.values.items():
            # pages and worker are one role in the archive
            if value in text and name not in ("SECRET_KEY", "portal_archivist.archive"):
                assert name not in seen, f"{name} is in the environment of {seen[name]} and of {process}"
                seen[name] = process
        signs = secrets.values["SECRET_KEY"] in text
        assert signs == (process in ("pages", "intake", "worker"))
    assert "ARCHIVE_DATABASE_URL" not in environment.environment(configuration, secrets, "intake")


def test_the_mail_server_s_password_is_for_those_who_send(secrets: Secrets) -> None:
    written = {process: environment.environment(Configuration(EXAMPLE), secrets, process) for process in PROCESSES}
    assert {process for process, text in written.items() if "EMAIL_URL=" in text} == {"worker", "notary"}


def test_the_journal_of_one_host_is_written_by_worker_and_owner_alone() -> None:
    written = {unit.stem for unit in UNITS if "/destructions" in unit.read_text()}
    assert written == {"portal-worker", "portal-finish-nightly", "portal-finish-monthly"}
    wanted = [step.says for step in host.folders(Configuration(EXAMPLE))]
    assert f"folder {environment.STATE}/destructions of portal-worker:portal, 2750" in wanted
    assert f"file {environment.STATE}/destructions/journal.jsonl of portal-worker:portal-owner, 664" in wanted


def test_without_the_owner_the_worker_alone_writes_the_journal() -> None:
    configuration = Configuration(EXAMPLE)
    configuration.runs = ["pages", "worker"]
    wanted = [step.says for step in host.folders(configuration)]
    assert f"file {environment.STATE}/destructions/journal.jsonl of portal-worker:portal, 640" in wanted


def test_on_one_server_a_role_has_one_password(secrets: Secrets, tmp_path: Path) -> None:
    path = tmp_path / "portal.toml"
    path.write_text(re.sub(r"(general|personal|archive)\.db\.example", "db.example", EXAMPLE.read_text()))
    text = environment.environment(Configuration(path), secrets, "pages")
    found = re.findall(r"//(\w+):([^@]+)@db", text)
    assert len(found) == 3 and len(set(found)) == 2, "portal_app has one, portal_archivist another"


def test_a_journal_of_all_hosts_is_for_those_who_use_it(secrets: Secrets, tmp_path: Path) -> None:
    path = tmp_path / "portal.toml"
    path.write_text(EXAMPLE.read_text().replace("# journal = ", "journal = "))
    written = {process: environment.environment(Configuration(path), secrets, process) for process in PROCESSES}
    with_it = {process for process, text in written.items() if "\nJOURNAL_DATABASE_URL=" in text}
    assert with_it == {"pages", "intake", "worker", "owner"}
    assert not any("DESTRUCTION_JOURNAL_DIR" in text for text in written.values())


def test_every_variable_that_is_written_is_read(secrets: Secrets) -> None:
    known = {
        name for section in tomllib.loads((ROOT / "config" / "variables.toml").read_text()).values() for name in section
    }
    for process in PROCESSES:
        text = environment.environment(Configuration(EXAMPLE), secrets, process)
        assert set(re.findall(r"^([A-Z_]+)=", text, re.MULTILINE)) <= known | {"DJANGO_SETTINGS_MODULE"}


def test_a_shell_and_systemd_read_the_same(secrets: Secrets, tmp_path: Path) -> None:
    """Both take the rest of a line without quotes only where nothing in it means something to either."""
    text = environment.environment(Configuration(EXAMPLE), secrets, "pages")
    path = tmp_path / "pages.env"
    path.write_text(text)
    read = subprocess.run(
        ["env", "-i", "sh", "-c", f"set -a; . {path}; env"], capture_output=True, text=True, check=True
    ).stdout
    for line in text.splitlines()[1:]:
        name, _equals, value = line.partition("=")
        assert f"{name}={value.strip(chr(39))}\n" in read


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("[web]", "[wep]", r"nothing reads \[wep\]"),
        ("workers = 2", "wokers = 2", "nothing reads wokers"),
        ('representative = "representative@extrus.example"\n', "", "does not say representative"),
        ('"keys", "sealer"', '"keys", "seeler"', "runs seeler"),
        ("[portal]", "[portal", "portal.toml: "),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, before: str, after: str, said: str) -> None:
    path = tmp_path / "portal.toml"
    path.write_text(EXAMPLE.read_text().replace(before, after))
    with pytest.raises(Stopped, match=said):
        Configuration(path)


@pytest.mark.asvs("13.2.2", "15.2.5", "16.4.2")
@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_each_unit_is_confined(unit: Path) -> None:
    text = unit.read_text()
    assert re.search(r"^ProtectSystem=strict$", text, re.MULTILINE), "all is read-only but what is named"
    written = " ".join(re.findall(r"^ReadWritePaths=(.*)$", text, re.MULTILINE)).split()
    assert not [one for one in written if re.match(r"-?/(?:var(?:/log.*)?|opt.*|usr.*|run/log.*)?/*$", one)], written
    if shutil.which("systemd-analyze") is None:
        pytest.skip("this machine has no systemd-analyze")
    said = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)],
        capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert found and float(found[1]) <= 2.0, said


@pytest.mark.asvs("13.4.1")
@pytest.mark.parametrize("unit", OF_A_PROCESS, ids=lambda path: path.stem)
def test_no_process_reads_what_version_control_left(unit: Path) -> None:
    (hidden,) = re.findall(r"^InaccessiblePaths=(.*)$", unit.read_text(), re.MULTILINE)
    assert hidden.split() == [f"-{host.HOME}/{name}" for name in (".git", ".hg", ".svn")]


def test_each_process_has_a_unit_and_each_unit_a_process() -> None:
    named = {name for names in host.UNITS_OF.values() for name in names}
    named |= {name.replace(".timer", ".service") for name in named}
    assert named == {path.name for path in (ROOT / "deploy" / "systemd").iterdir()}
    for unit in OF_A_PROCESS:
        text = unit.read_text()
        (process,) = re.findall(r"^EnvironmentFile=/etc/portal/(\w+)\.env$", text, re.MULTILINE)
        assert f"User=portal-{process}\n" in text


def test_after_a_restore_the_keys_of_both_notaries_are_pinned(secrets: Secrets, tmp_path: Path) -> None:
    path = tmp_path / "portal.toml"
    path.write_text(EXAMPLE.read_text() + '\n[notary]\nvkeys = ["new+1"]\nearlier = ["old+1", "old+2"]\n')
    text = environment.environment(Configuration(path), secrets, "auditor")
    assert "\nNOTARY_VKEYS=new+1,old+1,old+2\n" in text


def test_before_the_new_notary_has_a_key_the_old_one_s_is_not_taken_for_it(secrets: Secrets, tmp_path: Path) -> None:
    """The first of the lines is the log that witnesses are asked about."""
    path = tmp_path / "portal.toml"
    path.write_text(EXAMPLE.read_text() + '\n[notary]\nearlier = ["old+1", "old+2"]\n')
    assert environment.vkeys(Configuration(path)) == []
