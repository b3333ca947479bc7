"""Webhooks: the list, one of them, its form, and what is done with it."""
