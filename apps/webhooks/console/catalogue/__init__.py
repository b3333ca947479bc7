"""What can be told: the catalogue of events, and a test delivery to a webhook."""
