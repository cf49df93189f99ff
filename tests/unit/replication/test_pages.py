"""What a destination asks an origin for is read, or refused as malformed; never anything else."""

from urllib.parse import urlencode

import pytest

from infra.errors import MalformedRequestError
from replication.records import Stream
from replication.repair.pages import Want, query, read_query

WANT = Want(Stream("eu", incarnation=1, epoch=1, destination="us", partition=3), 5, 9)


def test_what_is_asked_is_what_is_read() -> None:
    """Whoever asks names everything but the origin."""
    assert read_query("eu", urlencode(query(WANT)).encode()) == WANT


@pytest.mark.parametrize(
    "text", [b"", b"first=1", b"a=1&" * 30, b"\xff=%ff", urlencode({**query(WANT), "last": "x"}).encode()]
)
def test_anything_else_is_malformed(text: bytes) -> None:
    """More fields than any query has among it."""
    with pytest.raises(MalformedRequestError):
        read_query("eu", text)
