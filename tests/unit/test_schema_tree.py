"""Schemas of the catalogue as the console's tree."""

from __future__ import annotations

import pytest

from apps.event_log.catalogue import CATALOGUE
from apps.webhooks.console.catalogue.schema_tree import Node, tree_of


def member(nodes: tuple[Node, ...], path: str) -> Node:
    name, _, rest = path.partition(".")
    (found,) = [node for node in nodes if node.name == name]
    return member(found.members, rest) if rest else found


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_schema_has_an_end(name):
    def depth(nodes: tuple[Node, ...]) -> int:
        return 1 + max((depth(node.members) for node in nodes), default=0)

    assert depth(tree_of(CATALOGUE[name].schema)) < 12


def test_what_a_connection_has_found_is_read_down_to_its_transactions():
    tree = tree_of(CATALOGUE["CONNECTION_SYNCED"].schema)
    transaction = member(tree, "connection.accounts.transactions")
    assert (transaction.kinds, transaction.shape) == ("array", "Transaction")
    assert "A movement on an account." in transaction.description
    value = member(tree, "connection.accounts.transactions.value")
    assert (value.kinds, value.members) == ("number, string, null", ())
    usage = member(tree, "connection.accounts.usage")
    assert (usage.kinds, usage.values) == ("string, null", ("PRIV", "ORGA"))


def test_what_is_said_beside_a_reference_is_kept():
    tree = tree_of(CATALOGUE["ACCOUNT_DISABLED"].schema)
    assert member(tree, "disabled").is_required
    assert member(tree, "disabled").kinds == "string"
    assert not member(tree_of(CATALOGUE["ACCOUNT_ENABLED"].schema), "iban").is_required


def test_an_object_within_its_own_kind_is_opened_once():
    schema = {
        "$ref": "#/$defs/Tree",
        "$defs": {
            "Tree": {
                "type": "object",
                "properties": {"child": {"$ref": "#/$defs/Tree"}},
            }
        },
    }
    assert member(tree_of(schema), "child").members == ()
