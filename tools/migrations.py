"""Generate the first schema of apps anew, until version 0.1.0 is released (CONTRIBUTING.md, Migrations).

    python tools/migrations.py schema rights devices
    python tools/migrations.py pin

``schema`` writes ``0001_schema.py`` of these apps from their models; the files that follow it are left as they are.
``pin``, which ``schema`` does at its end too, writes down the files of the release and its databases for the tests in
``tests/releases``.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def migration_folders() -> dict[str, Path]:
    """Return the folder of migrations of each app of ours, by the app's label."""
    folders = [*ROOT.glob("privacy/*/migrations"), ROOT / "consents/migrations", ROOT / "devices/migrations"]
    return {folder.parent.name: folder for folder in sorted(folders)}


def write_schema(labels: list[str]) -> int:
    """Put all migrations aside, have Django write each app's first one, and keep those of ``labels``."""
    folders = migration_folders()
    if unknown := [label for label in labels if label not in folders]:
        print(f"No such app: {', '.join(unknown)}.")
        return 1
    with tempfile.TemporaryDirectory() as aside:
        for label, folder in folders.items():
            (Path(aside) / label).mkdir()
            for file in folder.glob("0*.py"):
                shutil.move(file, Path(aside) / label / file.name)
        try:
            run = subprocess.run(
                [sys.executable, "manage.py", "makemigrations", "--name", "schema", "--no-header", "--verbosity", "0"],
                cwd=ROOT,
                env={"DEVELOPMENT": "1", "PORTAL_HOME": str(ROOT / "build/test-home"), **os.environ},
                check=False,
            )
            written = {label: list(folders[label].glob("0*.py")) for label in labels}
            for label, files in written.items():
                if run.returncode == 0 and [file.name for file in files] == ["0001_schema.py"]:
                    shutil.move(files[0], Path(aside) / label / files[0].name)
                else:
                    run.returncode = 1
                    print(f"{label}: left as it was; Django wrote {[file.name for file in files]}.")
        finally:
            for label, folder in folders.items():
                for file in folder.glob("0*.py"):
                    file.unlink()
                for file in (Path(aside) / label).iterdir():
                    shutil.move(file, folder / file.name)
    return run.returncode or pin()


def pin() -> int:
    """Write down the files and the databases of the release (tests/releases)."""
    command = [sys.executable, "-m", "tests.releases.first_release"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def main() -> int:
    """Run the command that was named."""
    if sys.argv[1:2] == ["schema"] and sys.argv[2:]:
        return write_schema(sys.argv[2:])
    if sys.argv[1:] == ["pin"]:
        return pin()
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main())
