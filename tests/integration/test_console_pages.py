"""Every page: the policy, the languages, and what a page of ours is built from."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import Http404
from django.test import Client
from django.urls import include, path, reverse

from apps.webhooks.console.views import ActionRefused, ActionView, ConsoleView
from tests.browser.pages import pages
from tests.browser.world import fill
from tests.make import make_webhook
from tests.messages import catalogue

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
INLINE = re.compile(
    r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=)[^>]*>", re.IGNORECASE
)
# Words that only English has.
ENGLISH = re.compile(r"\b(the|of|and|is|are|was|with|without|this|that|what)\b")
done: list[str] = []


class Act(ActionView):
    """Does something, unless it is refused."""

    title = "Act"
    permission = "webhooks.flush_webhook"

    def question(self) -> str:
        return "Really?"

    def consequences(self) -> list[tuple[str, str]]:
        return [("Rows", "<b>12</b>")]

    def act(self) -> str:
        if "refuse" in self.request.POST:
            raise ActionRefused("It cannot be done.")
        done.append("done")
        return "It was done."


class Missing(ConsoleView):
    """There is no such page."""

    def get_title(self) -> str:
        raise Http404


urlpatterns = [
    path("admin/act/", admin.site.admin_view(Act.as_view(site=admin.site)), name="act"),
    path("admin/missing/", Missing.as_view(site=admin.site)),
    path("", include("webhooks_project.urls")),
]
handler404 = "apps.webhooks.api.errors.not_found"


def client_of(
    *, superuser: bool = True, strict: bool = False, language: str = "en"
) -> Client:
    client = Client(enforce_csrf_checks=strict, headers={"accept-language": language})
    user = User.objects.create(
        username="somebody", is_staff=True, is_superuser=superuser
    )
    client.force_login(user)
    return client


def paths() -> list[str]:
    """Of every page, and of the one before all others."""
    return [*pages(), reverse("admin:login")]


def test_nothing_in_any_page_is_inline_and_the_policy_is_strict():
    fill()
    client = client_of()
    for url in paths():
        reply = client.get(url, secure=True)
        assert not INLINE.search(reply.content.decode()), url
        policy = reply.headers["Content-Security-Policy"]
        for directive in (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ):
            assert directive in policy, url
        assert "unsafe" not in policy


def test_a_french_page_has_nothing_of_ours_in_english():
    fill()
    client = client_of(language="fr")
    ours = {
        entry.msgid
        for entry in catalogue()
        if entry.msgstr not in ("", entry.msgid) and "%(" not in entry.msgid
    }
    phrases = {text for text in ours if " " in text}
    for url in paths():
        reader = Client(headers={"accept-language": "fr"}) if "login" in url else client
        reply = reader.get(url, secure=True)
        if reply.status_code == 302:
            continue
        html = reply.content.decode()
        assert 'lang="fr"' in html, url
        html = re.sub(r"<(option|code|pre)\b.*?</\1>", "", html, flags=re.DOTALL)
        said = re.findall(r'\s(?:title|aria-label|placeholder)="([^"]*)"', html)
        text = unescape("\n".join([re.sub(r"<[^>]+>", "\n", html), *said]))
        lines = {" ".join(line.split()) for line in text.splitlines()}
        assert not lines & ours, (url, lines & ours)
        assert not [each for each in phrases if each in text], url
        # Django's form for another one's password is not all translated.
        if not url.endswith("/password/"):
            assert not ENGLISH.search(text), (url, ENGLISH.search(text))


def test_the_api_has_one_language_whatever_was_asked_for():
    client_of(language="fr").get(reverse("admin:index"), secure=True)
    reply = Client(headers={"accept-language": "fr"}).get("/2.0/webhooks", secure=True)
    assert reply.status_code == 401
    assert "Content-Language" not in reply.headers
    assert "Accept-Language" not in reply.headers.get("Vary", "")
    assert "Send Authorization" in reply.json()["message"]


def test_the_language_is_chosen_by_post_and_stays_here():
    client = client_of()
    url = reverse("admin:set_language")
    for target, led in (("/admin/", "/admin/"), ("https://evil.example/", "/")):
        reply = client.post(url, {"language": "fr", "next": target}, secure=True)
        assert (reply.status_code, reply.headers["Location"]) == (302, led)
    assert client.cookies[settings.LANGUAGE_COOKIE_NAME].value == "fr"
    page = client.get(reverse("admin:index"), secure=True)
    assert "Tableau de bord" in page.content.decode()


def test_an_action_asks_first_and_does_nothing_meanwhile():
    done.clear()
    page = client_of().get(reverse("act"), secure=True).content.decode()
    assert "Really?" in page
    assert "&lt;b&gt;12&lt;/b&gt;" in page
    assert done == []


def test_an_action_is_done_by_post_and_said():
    done.clear()
    client = client_of()
    page = client.post(reverse("act"), secure=True, follow=True)
    assert page.redirect_chain[0] == ("/admin/", 302)
    assert "It was done." in page.content.decode()
    assert done == ["done"]


def test_a_refused_action_says_why():
    done.clear()
    page = client_of().post(reverse("act"), {"refuse": 1}, secure=True, follow=True)
    assert "It cannot be done." in page.content.decode()
    assert done == []


def test_an_action_wants_its_permission_and_its_token():
    done.clear()
    assert (
        client_of(superuser=False).post(reverse("act"), secure=True).status_code == 403
    )
    User.objects.all().delete()
    assert client_of(strict=True).post(reverse("act"), secure=True).status_code == 403
    assert Client().post(reverse("act"), secure=True).status_code == 302
    assert done == []


def test_refusals_and_missing_pages_look_like_the_console():
    make_webhook("https://example.org/")
    client = client_of(superuser=False)
    refused = client.get(reverse("admin:webhooks_webhook_changelist"), secure=True)
    assert refused.status_code == 403
    assert "not for your role" in refused.content.decode()
    missing = client.get("/admin/missing/", secure=True)
    assert missing.status_code == 404
    assert "There is nothing here" in missing.content.decode()
