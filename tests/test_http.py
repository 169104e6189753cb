"""Helpers of both HTTP clients: python -m pytest tests/test_http.py"""

from __future__ import annotations

import pytest

from common.http import retry_after, without_query


@pytest.mark.parametrize(("headers", "seconds"), [
    ({"retry-after": "3"}, 3), ({"retry-after": "2.5"}, 2.5), ({"retry-after-ms": "250"}, 0.25), ({"retry-after": "soon"}, None), ({}, None),
    ({"retry-after": "99999"}, 600), ({"retry-after": "-5"}, 0), ({"retry-after": "nan"}, None), ({"retry-after": ""}, None),
    ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0), ({"retry-after": "Fri, 01 Jan 2100 00:00:00 GMT"}, 600),
])  # fmt: skip
def test_retry_after_is_seconds_or_a_date_and_capped(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, 600) == seconds


@pytest.mark.parametrize("address", ["https://example.org/a?token=1", "https://example.org/a#token=1", "https://example.org/a"])
def test_an_address_is_shown_without_what_may_be_secret(address: str) -> None:
    assert without_query(address) == "https://example.org/a"
