"""Settings of the tests: the portal's own, on an embedded cluster and in a folder of their own."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = Path(os.environ.get("PORTAL_TEST_HOME", ROOT / "build" / "test-home"))
# WhiteNoise warns of a missing folder, and warnings are errors here.
(HOME / "static").mkdir(parents=True, exist_ok=True)
os.environ["PORTAL_HOME"] = str(HOME)
# The tests' cluster is thrown away, so it need not survive a power cut; the fault runs make their own, which must.
os.environ["EMBEDDED_CONF"] = "fsync=off,synchronous_commit=off,full_page_writes=off"
for _name in ("DATABASE_URL", "PERSONAL_DATABASE_URL", "ARCHIVE_DATABASE_URL", "PORTAL_ROLE"):
    os.environ.pop(_name, None)

from config import settings as portal

globals().update({_name: getattr(portal, _name) for _name in dir(portal) if _name.isupper()})

# One set of databases for each test process; made from a migrated template in conftest.py.
for _alias, _database in portal.DATABASES.items():
    _database["NAME"] = f"test_{os.getpid()}_{_alias}"
    _database["CONN_MAX_AGE"] = 0
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
