"""Who may do what, and who did: tokens, configuration, the audit trail, the login."""
