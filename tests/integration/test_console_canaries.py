"""What others wrote is text on every page: names, URLs, headers, bodies, answers.

Each place has a canary of its own, so that all of them are known to have been met.
"""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.webhooks.models import WebhookData
from tests.canaries import MARKUP, PLACES, write_canaries
from tests.console_urls import make_world, urls

pytestmark = pytest.mark.django_db
# Pages that show a payload do it by POST, which is put on record.
READ = {"event_log_event_change", "payload", "curl"}


def test_what_others_wrote_is_text_on_every_page():
    make_world()
    write_canaries(WebhookData.objects.get())
    client = Client(raise_request_exception=False)
    user = User.objects.create_superuser("somebody")
    client.force_login(user)
    wrong, seen = [], set()
    for name, path in urls():
        ask = client.post if name in READ else client.get
        reply = ask(path, secure=True)
        if reply.streaming or "html" not in reply.headers.get("Content-Type", ""):
            continue
        page = reply.content.decode()
        assert reply.status_code < 500, name
        if MARKUP in page:
            wrong.append(name)
        seen |= {each for each in PLACES if f"canary_{each}" in page}
    assert wrong == []
    assert set(PLACES) - seen == set()
