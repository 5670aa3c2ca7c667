"""Ending what somebody is signed in with."""

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session

from privacy.accounts.models import User


def end_sessions(user: User) -> int:
    """Sign a person out everywhere, and return of how many sessions."""
    store: Any = import_module(settings.SESSION_ENGINE).SessionStore
    theirs = [
        key
        for key, packed in Session.objects.values_list("session_key", "session_data")
        if store().decode(packed).get(SESSION_KEY) == str(user.pk)
    ]
    Session.objects.filter(session_key__in=theirs).delete()
    return len(theirs)
