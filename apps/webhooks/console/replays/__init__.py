"""Replays: recovering what was not accepted, and how far that is."""
