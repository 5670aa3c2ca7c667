"""Settings of the tests: the portal's own, on an embedded cluster and in a folder of their own."""

import os
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MEMORY, ROOM = Path("/dev/shm"), 2 * 1024**3


def test_home() -> Path:
    """Return the folder of the tests' cluster, keys and files: in memory where there is room, else in ``build``.

    Some 380 tests with commits of their own copy three databases, 2,000 files each time: 0.4 s in memory where a busy
    disk takes 2 to 10.
    """
    if (given := os.environ.get("PORTAL_TEST_HOME")) is not None:
        return Path(given)
    on_disk, in_memory = ROOT / "build" / "test-home", MEMORY / f"portal-tests{str(ROOT).replace('/', '-')}"
    if in_memory.is_dir():
        return in_memory if in_memory.stat().st_uid == os.getuid() else on_disk
    return in_memory if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM else on_disk


HOME = test_home()
# WhiteNoise warns of a missing folder, and warnings are errors here.
(HOME / "static").mkdir(parents=True, exist_ok=True)
os.environ["PORTAL_HOME"] = str(HOME)
# Hundreds of processes of the portal are started: compiling its source anew took each half a second.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# The tests' cluster is thrown away, so it need not survive a power cut; the fault runs make their own, which must.
# Its random passwords stand behind a private socket, so they aren't hashed 4,096 times for each of 10,000 connections.
os.environ["EMBEDDED_CONF"] = "fsync=off,synchronous_commit=off,full_page_writes=off,scram_iterations=1"
# The key service's own tests start the process; all others have its policy in their own.
os.environ["KEY_SERVICE"] = "in-process"
for _name in ("DATABASE_URL", "PERSONAL_DATABASE_URL", "ARCHIVE_DATABASE_URL", "PORTAL_ROLE", "PORTAL_PROCESS"):
    os.environ.pop(_name, None)

from config import settings as portal

globals().update({_name: getattr(portal, _name) for _name in dir(portal) if _name.isupper()})

# A lock is waited for as long as a busy machine needs; processes of the portal's own have its 3 seconds.
PATIENCE = " -c lock_timeout=60s"
# One set of databases for each test process; made from a migrated template in conftest.py.
for _alias, _database in portal.DATABASES.items():
    _database["NAME"] = f"test_{os.getpid()}_{_alias}"
    _database["CONN_MAX_AGE"] = 0
    _database["OPTIONS"]["options"] += PATIENCE
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# As in the demonstration, which has no malware scanner either; what production does has tests of its own.
OPEN_UNSCANNED_UPLOADS = True
