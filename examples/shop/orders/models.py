"""What the shop knows of an order."""

from __future__ import annotations

from django.db import models


class Order(models.Model):
    """An order and whether it is paid."""

    number = models.IntegerField(unique=True)
    paid = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"order {self.number}"
