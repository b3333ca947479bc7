"""What the made-up customer has, earns and spends."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A kind of transaction, of `low` to `high` euros; `weight`: how usual it is."""

    label: str
    wording: str
    type: str
    category: str
    parent_category: str
    low: float
    high: float
    weight: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountModel:
    """An account. `share` is its part of all transactions; money in euros."""

    name: str
    type: str
    id_type: int
    share: float = 0.0
    moves: tuple[Move, ...] = ()
    opening: float = 1500.0
    parent: int | None = None
    coming: float | None = None
    has_iban: bool = False
    investments: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class InvestmentModel:
    """A holding: a quantity, bought at `unit_price`, worth `unit_value` each."""

    label: str
    code: str
    quantity: Decimal
    unit_price: Decimal
    unit_value: Decimal


def _card(label: str, category: str, parent: str, low: float, high: float) -> Move:
    return Move(
        label=label,
        wording=label.upper(),
        type="card",
        category=category,
        parent_category=parent,
        low=-high,
        high=-low,
        weight=8,
    )


def _regular(
    label: str, wording: str, type_: str, category: str, low: float, high: float
) -> Move:
    return Move(
        label=label,
        wording=wording,
        type=type_,
        category=category,
        parent_category="home" if low < 0 else "income",
        low=low,
        high=high,
    )


CARD_MOVES: Final = (
    _card("Boulangerie de l'Étoile", "bakery", "food", 1.2, 14),
    _card("Marché Saint-Pierre", "groceries", "food", 8, 95),
    _card("Épicerie du coin", "groceries", "food", 3, 48),
    _card("Café des Arts", "restaurants", "leisure", 2.5, 32),
    _card("Librairie Aux Belles Pages", "books", "leisure", 7, 60),
    _card("Pharmacie du Centre", "pharmacy", "health", 4, 55),
    _card("Trains de l'Ouest", "trains", "transport", 12, 140),
    _card("Station du Lac", "fuel", "transport", 30, 92),
    _card("Cinéma Lumière", "cinema", "leisure", 6, 26),
    _card("Fleurs & Jardins", "garden", "home", 9, 70),
    _card("Vélo Ville", "bicycle", "transport", 5, 120),
    _card("Piscine municipale", "sports", "leisure", 3, 30),
)

REGULAR_MOVES: Final = (
    *CARD_MOVES[:6],
    _regular(
        "Salaire",
        "VIREMENT SEPA RECU SALAIRE ATELIER DES TILLEULS",
        "transfer",
        "salary",
        1900,
        2600,
    ),
    _regular(
        "Loyer",
        "VIREMENT SEPA EMIS LOYER REGIE DU PARC",
        "transfer",
        "rent",
        -940,
        -780,
    ),
    _regular(
        "Électricité",
        "PRLV SEPA ELECTRICITE DE LA VALLEE",
        "order",
        "energy",
        -96,
        -38,
    ),
    _regular("Téléphone", "PRLV SEPA TELEPHONE DES CIMES", "order", "phone", -39, -9),
    _regular("Retrait", "RETRAIT DAB GARE CENTRALE", "withdrawal", "cash", -120, -20),
    _regular("Chèque", "CHEQUE 0012345", "check", "check", -250, -15),
    _regular(
        "Remboursement santé",
        "VIREMENT SEPA RECU CAISSE DE SANTE",
        "payback",
        "health_refund",
        4,
        85,
    ),
    _regular("Frais de tenue de compte", "FRAIS DE COMPTE", "bank", "fees", -9, -2),
)


SAVING_MOVES: Final = (
    _regular(
        "Épargne", "VIREMENT SEPA RECU EPARGNE MENSUELLE", "transfer", "saving", 20, 300
    ),
    _regular(
        "Vers compte chèques",
        "VIREMENT SEPA EMIS COMPTE CHEQUES",
        "transfer",
        "saving",
        -180,
        -20,
    ),
)

ACCOUNTS: Final = (
    AccountModel(
        name="Compte chèques",
        type="checking",
        id_type=2,
        share=0.38,
        moves=REGULAR_MOVES,
        has_iban=True,
        coming=-412.5,
    ),
    AccountModel(
        name="Carte à débit différé",
        type="card",
        id_type=9,
        share=0.36,
        opening=0.0,
        parent=1,
        coming=-412.5,
        moves=CARD_MOVES,
    ),
    AccountModel(
        name="Compte joint",
        type="checking",
        id_type=2,
        share=0.22,
        moves=REGULAR_MOVES,
        opening=820.4,
        has_iban=True,
    ),
    AccountModel(
        name="Livret A", type="savings", id_type=3, share=0.04, moves=SAVING_MOVES
    ),
    AccountModel(name="PEA", type="pea", id_type=13, opening=18250.37, investments=6),
    AccountModel(
        name="Assurance vie",
        type="lifeinsurance",
        id_type=6,
        opening=41007.9,
        investments=4,
    ),
)


def _holding(
    label: str, code: str, quantity: str, price: str, value: str
) -> InvestmentModel:
    return InvestmentModel(
        label=label,
        code=code,
        quantity=Decimal(quantity),
        unit_price=Decimal(price),
        unit_value=Decimal(value),
    )


INVESTMENTS: Final = (
    _holding("Indice Monde Exemple", "FR0099999001", "32", "301.12", "356.48"),
    _holding("Actions Europe Exemple", "FR0099999019", "18.5", "112.4", "104.077"),
    _holding("Obligations Exemple", "FR0099999027", "40", "98.3", "99.112"),
    _holding("Petites Valeurs Exemple", "FR0099999035", "7.25", "210", "233.61"),
    _holding("Or Exemple", "FR0099999043", "3", "1540.5", "1988.02"),
    _holding("Fonds Euro Exemple", "FR0099999050", "1", "20000", "20512.77"),
)


# Label and subscriber.
SUBSCRIPTIONS: Final = (
    ("Téléphone des Cimes", "CLAIRE DURAND"),
    ("Électricité de la Vallée", "CLAIRE DURAND"),
)
