"""Retention: what is old is removed, unless it may still be sent."""
