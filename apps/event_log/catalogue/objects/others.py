"""Ownerships, attachments, payments (contract, section 1.4)."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_noop as _

from apps.event_log.catalogue.values import (
    ANY_OBJECT,
    DATE,
    DECIMAL,
    FLAG,
    ID,
    MOMENT,
    REFERENCE,
    TEXT,
    TEXTS,
    WHOLE,
    Schema,
    an_object,
    each,
    one_of,
    ref,
)

_ROLES: Final = (
    "holder",
    "co_holder",
    "attorney",
    "custodian_for_minor",
    "legal_guardian",
    "nominee",
    "successor_on_death",
    "trustee",
    "unknown",
)
_PAYMENT_STATES: Final = (
    "created",
    "validating",
    "pending",
    "rejected",
    "done",
    "accepted",
    "expired",
    "partial",
)
_PAYMENT_ACTIONS: Final = (
    "redirect",
    "decoupled",
    "additionalInformationNeeded",
    "confirm",
    "psuValidation",
    None,
)

OTHERS: Final[dict[str, Schema]] = {
    "AccountOwnership": an_object(
        _("Whose an account is, as its bank says."),
        {
            **each("id_account id_connection", ID),
            **each("id_user id_connector_source", REFERENCE),
            **each("name bank_name", TEXT),
            "multiple_holders": FLAG,
            "calculated": TEXTS,
            "usage": one_of("PRIV", "ORGA", None),
            "parties": {
                "type": ["array", "null"],
                "items": an_object(
                    _("A person, and what the account is to that person."),
                    {
                        "role": one_of(*_ROLES),
                        "identity": an_object(
                            _("Who it is."),
                            {"is_user": FLAG, "full_name": TEXT},
                            required="",
                            kinds=["object", "null"],
                        ),
                    },
                    required="role",
                ),
            },
            "identifications": {
                "type": ["array", "null"],
                "items": an_object(
                    _("A number of the account."),
                    each("scheme_name identification", {"type": "string"}),
                    required="scheme_name identification",
                ),
            },
        },
        required="id_account id_connection",
    ),
    "Attachment": an_object(
        _("A file that belongs to a transaction."),
        {
            "id": ID,
            **each("name description mime_type url", TEXT),
            "size": WHOLE,
            "created_date": DATE,
            **each("created_datetime last_update", MOMENT),
        },
    ),
    "Payment": an_object(
        _("A payment that was initiated through the platform."),
        {
            "id": ID,
            "state": one_of(*_PAYMENT_STATES),
            "state_detail": one_of("cancelling", None),
            "action": one_of(*_PAYMENT_ACTIONS),
            **each("error_code error_description validate_uri", TEXT),
            **each("connector_uuid validate_mechanism", TEXT),
            **each("client_redirect_uri client_state", TEXT),
            "id_connector": REFERENCE,
            "register_date": MOMENT,
            **each("fields payer payer_identity", ANY_OBJECT),
            "instructions": {"type": ["array", "null"], "items": ref("Instruction")},
        },
        required="id state",
    ),
    "Instruction": an_object(
        _("One of the transfers that a payment is made of."),
        {
            **each("reference_id label execution_date_type frequency state", TEXT),
            "amount": DECIMAL,
            "currency": ref("Currency"),
            **each("execution_date start_date end_date", DATE),
            **each("beneficiary beneficiary_identity", ANY_OBJECT),
        },
        required="amount",
    ),
}
