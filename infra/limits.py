"""Limits that hold wherever a request passes, so that no two parts disagree about them."""

from typing import Final

LARGEST_REQUEST: Final = 64 * 1024
"""The largest body of an HTTP request, bytes: 16 KiB of text may take three times as much in JSON with escapes."""
