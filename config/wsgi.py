"""The WSGI application, as granian serves it."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from config import processors

processors.settle()

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from config import boot

boot.stop_on_wrong_keys()
boot.stop_on_an_unguarded_trail()
