"""Somebody else's Django project, which tells of its orders by Bankhooks."""
