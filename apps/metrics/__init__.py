"""What only processes know of themselves, kept for Prometheus."""
