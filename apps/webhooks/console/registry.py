"""What a screen of the console declares, and the navigation made of it.

A screen that is not in `screens.py` does not exist: no link, no URL.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import TextChoices
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView


class Group(TextChoices):
    """The parts of the navigation, in its order, with their headings."""

    OVERVIEW = "overview", ""
    DELIVERY = "delivery", _("Delivery")
    PLATFORM = "platform", _("Platform")
    TOOLS = "tools", _("Tools")
    SYSTEM = "system", _("System")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One URL below the console's, reversed as `admin:NAME`; a `ConsoleView`."""

    route: str
    name: str
    view: type[TemplateView]


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """An entry of the navigation.

    `url_name`: where it leads, `admin:...`. `permission`: who sees the entry, all of
    the staff if empty; each page has its own, which is what protects it. `icon`: a
    symbol in static/console/icons.svg. `pages`: none for a list of Django's own.
    """

    title: str | Promise
    url_name: str
    group: Group
    permission: str = ""
    icon: str = "dot"
    pages: tuple[Page, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A screen as one user sees it now."""

    title: str
    url: str
    icon: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading and its entries."""

    heading: str
    entries: list[Entry]


def may(user: User | AnonymousUser, permission: str) -> bool:
    """Whether somebody of the staff has a permission; the empty one everybody has."""
    return not permission or user.has_perm(permission)


def navigation(
    screens: Iterable[Screen], user: User | AnonymousUser, path: str
) -> list[Section]:
    """What `user` may open, with the entry to which `path` belongs marked."""
    visible = [
        (screen, url)
        for screen in screens
        if may(user, screen.permission) and (url := _url(screen))
    ]
    current = _longest([url for _, url in visible], path)
    sections = []
    for group in Group:
        entries = [
            Entry(
                title=str(screen.title),
                url=url,
                icon=screen.icon,
                is_current=url == current,
            )
            for screen, url in visible
            if screen.group is group
        ]
        if entries:
            sections.append(Section(heading=str(group.label), entries=entries))
    return sections


def _url(screen: Screen) -> str | None:
    try:
        return reverse(screen.url_name)
    except NoReverseMatch:
        return None


def _longest(urls: list[str], path: str) -> str | None:
    """The most special of the screens that `path` is below; the dashboard alone has
    nothing below it."""
    home = reverse("admin:index")
    if path == home:
        return home
    return max(
        (url for url in urls if url != home and path.startswith(url)),
        key=len,
        default=None,
    )
