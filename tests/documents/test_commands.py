"""Every command of every document, exactly as printed, on a running demo (``make documents``)."""

import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.demonstration.http_client import BrowserClient
from tools import document_commands

pytestmark = pytest.mark.documents
ROOT = document_commands.ROOT
PORT = int(os.environ.get("PORT", "18090"))
BASE = f"http://127.0.0.1:{PORT}"
DOCUMENTS = [
    document
    for document in document_commands.documents()
    if any(block.is_shell and not block.not_run for block in document_commands.blocks(document))
]


@dataclass(frozen=True)
class Demo:
    """A running demo, and what its commands need to find it."""

    home: Path

    @property
    def environ(self) -> dict[str, str]:
        ours = {"DJANGO_SETTINGS_MODULE", "EMBEDDED_CONF", "PORTAL_ROLE", "KEY_SERVICE"}
        kept = {name: value for name, value in os.environ.items() if name not in ours}
        return {**kept, "PORTAL_HOME": str(self.home), "PORT": str(PORT)}

    def manage(self, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        run = subprocess.run(command, cwd=ROOT, env=self.environ, capture_output=True, text=True, check=True)
        return run.stdout.strip()


def ready() -> bool:
    try:
        with urllib.request.urlopen(f"{BASE}/readyz", timeout=5) as response:
            return bool(response.status == 200)
    except (OSError, http.client.HTTPException):
        return False


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo that DEMO_HOME names, or one of our own."""
    if os.environ.get("DEMO_HOME"):
        assert ready(), f"no demo answers at {BASE}"
        yield Demo(Path(os.environ["DEMO_HOME"]))
        return
    made = Demo(tmp_path_factory.mktemp("demo"))
    command = [sys.executable, "manage.py", "demo"]
    with subprocess.Popen(command, cwd=ROOT, env=made.environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "Ctrl-C ends everything" in line:
                break
        assert ready()
        try:
            yield made
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)


def download(demo: Demo, folder: Path) -> dict[str, str]:
    """What the auditor's guide has its reader do in the console: a bundle, the proof of an entry, the notary's key."""
    aram = BrowserClient(BASE)
    email = "aram@extrus.example"
    # each code works once, and this guide's other edition may have used the present one
    aram.sign_in(email, "exafe-demo-2026", lambda: demo.manage("totp", email, "--wait"))
    aram.submit("/office/ledger/checkpoint/bundle/", {"reason": "documents"})
    keep(aram, folder)
    entries = aram.get("/office/ledger/entry/?kind=act")
    entry = re.findall(r"/office/ledger/entry/(\d+)/change/", entries.text)[-1]
    aram.get(f"/office/ledger/entry/{entry}/proof/")
    keep(aram, folder)
    log, time_ = (demo.home / "notary" / "vkeys").read_text().split()
    return {"LOG_KEY": log, "TIME_KEY": time_}


def keep(person: BrowserClient, folder: Path) -> None:
    assert person.page.file, person.page.text[:500]
    (folder / person.page.file).write_bytes(person.page.content)


def token(demo: Demo, folder: Path) -> dict[str, str]:
    """What the gateway's guide has its reader ask the officer for."""
    program = (
        "from config.demonstration import example_data; from privacy.accounts.models import User\n"
        "from privacy.lib.dates import clock; people = {user.name: user for user in User.objects.all()}\n"
        "print(example_data.make_token('Gateway of the guide', people, at=clock.now()))"
    )
    return {"TOKEN": demo.manage("shell", "--no-imports", "-c", program), "PORTAL": BASE}


BEFORE: dict[str, Callable[[Demo, Path], dict[str, str]]] = {"auditor": download, "gateway": token}


@pytest.mark.truth("23")
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_documents_commands_run_as_printed(document: Path, demo: Demo, tmp_path: Path) -> None:
    """Guides are followed in a folder of their reader's, the other documents in the project's."""
    assert shutil.which("unzip") and shutil.which("curl"), "the guides use unzip and curl"
    prepare = BEFORE.get(document.name.split(".")[0])
    told = prepare(demo, tmp_path) if prepare else {}
    folder = tmp_path if document.parent.name == "guide" else ROOT
    for block in document_commands.blocks(document):
        if block.is_shell and not block.not_run:
            run = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", block.text], cwd=folder, env={**demo.environ, **told},
                capture_output=True, text=True, check=False, timeout=600,
            )  # fmt: skip
            assert run.returncode == 0, f"{block}\n{block.text}\n{run.stdout[-2000:]}\n{run.stderr[-2000:]}"
