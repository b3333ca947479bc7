"""Deliveries: the list, one of them, its payload, and sending it again."""
