"""Drills: the service is broken on purpose, and must lose nothing (`make drills`)."""
