"""Helpers of both HTTP clients, the crawler and the writers' endpoint: Retry-After headers, and addresses as they may be shown."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime


def retry_after(headers: Mapping[str, str], longest: float) -> float | None:
    """Seconds that a server asks us to wait, from 0 to `longest`; None if it asks nothing readable.

    Reads Retry-After as a number of seconds or a date (RFC 9110, 10.2.3), and OpenAI's retry-after-ms.
    """
    milliseconds, text = headers.get("retry-after-ms"), headers.get("retry-after")
    try:
        wait = float(text or "") if milliseconds is None else float(milliseconds) / 1000
    except ValueError:
        try:
            wait = parsedate_to_datetime(text or "").timestamp() - time.time()
        except (ValueError, OverflowError):  # no date, or one in a year that no clock has
            return None
    return None if math.isnan(wait) else min(max(wait, 0.0), longest)


def without_query(address: str) -> str:
    """An address as it may be shown or logged, at most 200 characters: queries carry tokens."""
    return re.split(r"[?#]", address, maxsplit=1)[0][:200]
