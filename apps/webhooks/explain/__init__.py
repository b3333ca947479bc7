"""What became of an event or a delivery, and why: one answer, the same everywhere."""
