"""A production-like trial on this machine: `make trial`.

PostgreSQL, Redis, Prometheus and Alertmanager as Debian packages them, on free ports
of loopback and in a folder that is gone afterwards; the service by its systemd units.
"""
