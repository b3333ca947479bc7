"""The console's French: whole, up to date, and compiled."""

from __future__ import annotations

import re

import polib

from tests.messages import (
    COMPILED,
    Message,
    catalogue,
    messages,
    missing,
    of_python,
    of_template,
    updated,
)

NEVER = "Run make messages, and translate what it names."


def test_what_the_sources_say_is_in_the_catalogue_and_nothing_else():
    listed = {Message(entry.msgid, entry.msgid_plural or "") for entry in catalogue()}
    assert listed == set(messages()), NEVER


def test_everything_has_a_translation():
    assert missing(updated(catalogue())) == [], NEVER


def test_what_is_compiled_is_what_is_written():
    compiled = {
        (entry.msgid, entry.msgstr, tuple(entry.msgstr_plural.values()))
        for entry in polib.mofile(str(COMPILED))
    }
    written = {
        (entry.msgid, entry.msgstr, tuple(entry.msgstr_plural.values()))
        for entry in catalogue()
    }
    assert compiled == written, NEVER


def test_translations_have_the_same_places_to_fill():
    def places(text: str) -> set[str]:
        return set(re.findall(r"%\(\w+\)[a-z]|%%", text))

    for entry in catalogue():
        wanted = places(entry.msgid) | places(entry.msgid_plural or "")
        for text in (entry.msgstr, *entry.msgstr_plural.values()):
            assert not text or places(text) == wanted, text


def test_messages_are_found_under_any_name():
    source = (
        "from django.utils.translation import gettext_lazy as _, ngettext as many\n"
        "from elsewhere import gettext\n"
        "_('one'); many('a', 'b', 3); gettext('not this'); _('two ' 'parts')\n"
    )
    assert list(of_python(source)) == [
        Message("one"),
        Message("a", "b"),
        Message("two parts"),
    ]


def test_messages_of_templates_are_found():
    source = (
        "{% translate \"it's\" %} text {{ _('that') }} {% blocktranslate trimmed count "
        "n=3 %}\n  one {{ n }}\n{% plural %}many {{ n }}{% endblocktranslate %}"
    )
    assert list(of_template(source)) == [
        Message("it's"),
        Message("that"),
        Message("one %(n)s", "many %(n)s"),
    ]
