"""The WSGI application, as granian serves it."""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from config import processors

processors.settle()
# A thread in the middle of a batch goes on to where it waits anyway: a turn of another costs more than it gains.
sys.setswitchinterval(0.02)

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from config import boot

boot.stop_on_wrong_keys()
boot.stop_on_an_unguarded_trail()
