"""French."""

from __future__ import annotations

DATE_FORMAT = "j M Y"
TIME_FORMAT = "H:i:s"
DATETIME_FORMAT = "j M Y à H:i:s"
SHORT_DATETIME_FORMAT = "d/m/Y H:i"
