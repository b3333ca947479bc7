"""Accounts, and what is on them (contract, section 1.4)."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_noop as _

from apps.event_log.catalogue.values import (
    ANY_OBJECT,
    DATE,
    DAY,
    DECIMAL,
    FLAG,
    ID,
    MOMENT,
    OBJECTS,
    REFERENCE,
    TEXT,
    WHOLE,
    Schema,
    an_object,
    each,
    list_of,
    one_of,
    ref,
)

ACCOUNTS: Final[dict[str, Schema]] = {
    "Currency": an_object(
        _("A currency, or its ISO 4217 code alone, or null."),
        {
            "id": {"type": "string"},
            **each("name symbol", TEXT),
            **each("prefix crypto", FLAG),
            "precision": WHOLE,
            "marketcap": DECIMAL,
            "datetime": MOMENT,
        },
        kinds=["object", "string", "null"],
    ),
    "BankAccount": an_object(
        _("An account at a bank: current, savings, investments, a card, a loan."),
        {
            "id": ID,
            **each("id_connection id_user id_source id_parent id_type", REFERENCE),
            **each("number original_name name iban company_name", TEXT),
            **each("type error ownership", TEXT),
            **each("balance coming", DECIMAL),
            **each("display", FLAG),
            # The original writes 0 and 1 here.
            "bookmarked": {"type": ["boolean", "integer", "null"]},
            **each("last_update deleted disabled", MOMENT),
            "currency": ref("Currency"),
            "usage": one_of("PRIV", "ORGA", None),
            "loan": ANY_OBJECT,
        },
    ),
    "SyncedAccount": {
        **ref("BankAccount"),
        "description": _("An account with what is new on it."),
        "properties": {
            "transactions": list_of("Transaction"),
            "investments": list_of("Investment"),
            "market_orders": list_of("MarketOrder"),
            **each("recipients transfers", OBJECTS),
        },
    },
    "Transaction": an_object(
        _("A movement on an account. A correction comes later, under the same id."),
        {
            **each("id id_account", ID),
            "id_cluster": REFERENCE,
            **each("application_date date vdate rdate bdate", DAY),
            **each("datetime vdatetime rdatetime bdatetime", MOMENT),
            **each("date_scraped last_update deleted", MOMENT),
            **each("value gross_value original_value", DECIMAL),
            **each("original_gross_value commission", DECIMAL),
            **each("original_currency commission_currency", ref("Currency")),
            "type": {"type": "string"},
            **each("original_wording simplified_wording wording", TEXT),
            **each("comment country card", TEXT),
            **each("coming active", FLAG),
            "categories": {
                "type": ["array", "null"],
                "items": an_object(
                    _("What the money was for."),
                    each("code parent_code", TEXT),
                    required="code",
                ),
            },
            "counterparty": an_object(
                _("Who paid, or was paid."),
                {
                    **each("label account_scheme_name account_identification", TEXT),
                    "type": one_of("creditor", "debtor", None),
                },
                required="",
                kinds=["object", "null"],
            ),
        },
        required="id value",
    ),
    "Investment": an_object(
        _("A holding of an investment account."),
        {
            "id": ID,
            **each("id_account id_security", REFERENCE),
            **each("label code code_type source description", TEXT),
            **each("quantity unitprice unitvalue valuation diff", DECIMAL),
            **each("diff_percent prev_diff portfolio_share", DECIMAL),
            **each("original_unitprice original_unitvalue", DECIMAL),
            **each("original_valuation original_diff", DECIMAL),
            "original_currency": ref("Currency"),
            **each("vdate prev_vdate", DATE),
            **each("last_update deleted", MOMENT),
            "pockets": list_of("Pocket"),
        },
    ),
    "Pocket": an_object(
        _("A part of a holding that becomes available on a date of its own."),
        {
            "id": ID,
            "id_investment": REFERENCE,
            **each("label condition", TEXT),
            **each("quantity amount", DECIMAL),
            "availability_date": DATE,
        },
    ),
    "MarketOrder": an_object(
        _("An order to buy or to sell."),
        {
            "id": ID,
            "id_account": REFERENCE,
            **each("label code", TEXT),
            **each("quantity unitprice unitvalue amount", DECIMAL),
            **each("date validity_date execution_date", DATE),
        },
    ),
    "Cluster": an_object(
        _(
            "Transactions that come back regularly. The name of its members is public, "
            "not the payload that it comes in."
        ),
        {
            "id": ID,
            **each("id_account id_category", REFERENCE),
            **each("mean_amount median_increment", DECIMAL),
            "enabled": FLAG,
            "next_date": DATE,
            **each("wording created_by", TEXT),
        },
    ),
}
