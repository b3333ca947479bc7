"""Who is logged in to the console."""

from __future__ import annotations

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone


def end_sessions(user: int, *, but: str | None = None) -> None:
    """Log an operator out everywhere, save in the session whose key is given.

    Sessions do not say whose they are until they are read: of a console there are few.
    """
    live = Session.objects.filter(expire_date__gt=timezone.now()).exclude(pk=but or "")
    theirs = [
        session.pk
        for session in live.iterator()
        if session.get_decoded().get(SESSION_KEY) == str(user)
    ]
    Session.objects.filter(pk__in=theirs).delete()
