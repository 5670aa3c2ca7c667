"""The WSGI application, as granian serves it."""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


# A thread in the middle of a batch goes on to where it waits anyway: a turn of another costs more than it gains.
sys.setswitchinterval(0.02)

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from config import process_lifetime, startup
from privacy.lib.processes import readiness

process_lifetime.end_with_server()
startup.require_valid_keys()
startup.require_guarded_ledger()
startup.require_own_sessions()
readiness.tell_ready()
