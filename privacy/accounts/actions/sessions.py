"""Ending what somebody is signed in with, in the store of sessions and in the list of sign-ins alike."""

from datetime import datetime
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session

from privacy.accounts.models import SignIn, User
from privacy.accounts.signin import actions as signin
from privacy.ledger.actors import Actor


def end_all_sessions(user: User, *, why: SignIn.End, actor: Actor, at: datetime) -> int:
    """Sign a person out everywhere, and return of how many sessions.

    The store itself is searched too: nothing of theirs stays, whatever the list of sign-ins knows of it.
    """
    store: Any = import_module(settings.SESSION_ENGINE).SessionStore
    theirs = [
        key
        for key, packed in Session.objects.values_list("session_key", "session_data")
        if store().decode(packed).get(SESSION_KEY) == str(user.pk)
    ]
    signin.end_others(user=user, session_key=None, why=why, actor=actor, at=at)
    Session.objects.filter(session_key__in=theirs).delete()
    return len(theirs)
