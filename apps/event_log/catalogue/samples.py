"""A payload of each event, always the same (contract, sections 1.1 and 1.3)."""

from __future__ import annotations

from typing import Final

from apps.event_log.catalogue.sample_objects import (
    ACCOUNT,
    BY_CARD,
    CONNECTION,
    CONNECTOR,
    DOCUMENT,
    INVESTMENT,
    MARKET_ORDER,
    SECURITIES,
    SOURCE,
    SUBSCRIPTION,
    SYNCED,
    TRANSACTION,
    USER,
    Sample,
)

_CURRENT: Final[Sample] = ACCOUNT | {
    "transactions": [TRANSACTION, BY_CARD],
    "investments": [],
}
_FETCHED: Final[Sample] = CONNECTION | {
    "connector": CONNECTOR,
    "sources": [SOURCE],
    "accounts": [ACCOUNT, SECURITIES],
}
_TREE: Final[Sample] = _FETCHED | {
    "accounts": [
        _CURRENT,
        SECURITIES
        | {
            "transactions": [],
            "investments": [INVESTMENT],
            "market_orders": [MARKET_ORDER],
        },
    ],
    "subscriptions": [SUBSCRIPTION | {"documents": [DOCUMENT]}],
}
# Another connection of the same user, whose password has changed.
_FAILED: Final[Sample] = _FETCHED | {
    "id": 13,
    "state": "wrongpass",
    "error": "wrongpass",
    "error_message": "The password is not right.",
    "last_update": None,
    "next_try": None,
    "sources": [SOURCE | {"id": 13, "id_connection": 13, "state": "wrongpass"}],
    "accounts": [],
    "subscriptions": [],
}

SAMPLES: Final[dict[str, Sample]] = {
    "USER_CREATED": USER,
    "USER_DELETED": USER,
    "USER_SYNCED": {"user": USER, "connections": [_TREE, _FAILED]},
    "CONNECTION_SYNCED": {"user": USER, "connection": _TREE},
    "CONNECTION_DELETED": CONNECTION | {"active": False, "next_try": None},
    "ACCOUNTS_FETCHED": {"user": USER, "connection": _FETCHED},
    "ACCOUNT_SYNCED": _CURRENT,
    "ACCOUNT_CATEGORIZED": {"transactions": [TRANSACTION, BY_CARD]},
    "ACCOUNT_FOUND": {
        "id": 103,
        "id_user": 7,
        "id_connection": 12,
        "disabled": SYNCED,
        "type": "savings",
    },
    "ACCOUNT_ENABLED": ACCOUNT,
    "ACCOUNT_DISABLED": ACCOUNT | {"disabled": "2026-03-04 19:02:11"},
    "ACCOUNT_OWNERSHIPS_FOUND": {
        "account_ownerships": {
            "id_account": 101,
            "id_connection": 12,
            "id_user": 7,
            "id_connector_source": 40,
            "name": "Compte chèques",
            "bank_name": "Banque des Exemples",
            "multiple_holders": False,
            "calculated": [],
            "usage": "PRIV",
            "parties": [
                {
                    "role": "holder",
                    "identity": {"is_user": True, "full_name": "CLAIRE DURAND"},
                }
            ],
            "identifications": [
                {"scheme_name": "iban", "identification": ACCOUNT["iban"]}
            ],
        }
    },
    "TRANSACTION_ATTACHMENTS_FOUND": {
        "id_connection": 12,
        "id_account": 101,
        "id_transaction": 1002,
        "attachments": [
            {
                "id": 701,
                "name": "justificatif.pdf",
                "description": "Marché Saint-Pierre",
                "mime_type": "application/pdf",
                "size": 18244,
                "created_date": "2026-03-01",
                "created_datetime": None,
                "last_update": SYNCED,
                "url": None,
            }
        ],
    },
    "SUBSCRIPTION_FOUND": {"id": 201, "id_user": 7, "id_connection": 12},
    "SUBSCRIPTION_SYNCED": SUBSCRIPTION | {"documents": [DOCUMENT]},
    "PAYMENT_STATE_UPDATED": {
        "id": 801,
        "state": "done",
        "state_detail": None,
        "action": None,
        "error_code": None,
        "error_description": None,
        "fields": {},
        "validate_uri": None,
        "connector_uuid": CONNECTOR["uuid"],
        "validate_mechanism": "redirect",
        "register_date": "2026-03-02 10:30:00",
        "payer": {
            "scheme_name": "iban",
            "identification": ACCOUNT["iban"],
            "label": "CLAIRE DURAND",
            "issuer": None,
        },
        "instructions": [
            {
                "reference_id": "FACTURE-2026-00042",
                "amount": 144.1,
                "currency": "EUR",
                "label": "Facture 42",
                "execution_date_type": "instant",
                "execution_date": None,
                "beneficiary": {
                    "scheme_name": "iban",
                    "identification": TRANSACTION["counterparty"][
                        "account_identification"
                    ],
                    "label": "ATELIER DES TILLEULS",
                },
                "state": "done",
            }
        ],
        "payer_identity": None,
    },
    # The payloads of these two are not public.
    "TRANSACTIONS_CLUSTERED": {
        "clusters": [
            {
                "id": 55,
                "id_account": 101,
                "mean_amount": 2150.0,
                "median_increment": 30,
                "enabled": True,
                "next_date": "2026-03-27",
                "wording": "Salaire",
                "id_category": None,
                "created_by": "auto",
            }
        ]
    },
    "CONNECTION_CERTIFICATE_AVAILABLE": {"id_connection": 12, "id_user": 7},
}
