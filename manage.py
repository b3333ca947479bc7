#!/usr/bin/env python
"""The door to every command of the service."""

from __future__ import annotations

import sys

from webhooks_project.embedded.launcher import main

if __name__ == "__main__":
    sys.exit(main(sys.argv))
