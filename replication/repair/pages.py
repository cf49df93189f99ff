"""What a destination asks an origin for, and the page that answers it: records as the forwarder would send them. Pure."""

from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import parse_qsl

import msgspec

from infra.errors import MalformedRequestError
from replication.codec import encode
from replication.outputs import StoredRun
from replication.records import Relayed, Stream, Via

PATH: Final = "/internal/stream"
MOST_RECORDS: Final = 500
MOST_BYTES: Final = 1024 * 1024
"""Of the records of a page; one may be larger than that, and is a page of its own then."""

LARGEST_ANSWER: Final = 8 * 1024 * 1024
"""What a destination reads of an answer at most."""


class Want(msgspec.Struct, frozen=True):
    """A range of a stream that is missing.

    Attributes:
        stream: The stream.
        first: The first missing sequence.
        last: The last missing sequence.
    """

    stream: Stream
    first: int
    last: int


class Page(msgspec.Struct, frozen=True):
    """The beginning of such a range.

    Attributes:
        upto: The page speaks of every sequence from the first that was wanted up to this one: what is not among its records, the origin no longer has.
        records: Encoded `Relayed`, in order.
    """

    upto: int
    records: tuple[bytes, ...] = ()


_pages = msgspec.msgpack.Decoder(Page)


def query(want: Want) -> dict[str, str]:
    """Return the query that asks for a range; the origin is whoever is asked."""
    stream = want.stream
    return {
        "destination": stream.destination,
        "incarnation": str(stream.incarnation),
        "epoch": str(stream.epoch),
        "partition": str(stream.partition),
        "first": str(want.first),
        "last": str(want.last),
    }


def read_query(origin: str, text: bytes) -> Want:
    """Read such a query.

    Raises:
        MalformedRequestError: It is none.
    """
    try:
        found = dict(parse_qsl(text.decode("latin-1"), max_num_fields=20))
        stream = Stream(
            origin,
            incarnation=_number(found, "incarnation"),
            epoch=_number(found, "epoch"),
            destination=found["destination"],
            partition=_number(found, "partition"),
        )
        want = Want(stream, _number(found, "first"), _number(found, "last"))
    except (KeyError, ValueError) as error:
        raise MalformedRequestError(reason=f"{error} is not what a range is asked for by") from error
    if not 1 <= want.first <= want.last:
        raise MalformedRequestError(reason="a range begins at 1 or above, and ends where it begins or above")
    return want


def build(want: Want, runs: Iterable[StoredRun], *, now: int, complete: bool) -> Page:
    """Return the page that those runs make.

    Args:
        want: What is missing.
        runs: Relay rows from the first wanted sequence on, in order.
        now: When it is answered, microseconds since the epoch.
        complete: Whether there are no further rows in the range.
    """
    records: list[bytes] = []
    size, upto = 0, want.first - 1
    for run in runs:
        for sequence, output in enumerate(run.outputs, start=run.first):
            if not want.first <= sequence <= want.last:
                continue
            via = Via(want.stream, sequence, output.position)
            value = encode(Relayed(via=via, record=output.record, forwarded_at=now, version=output.version))
            if records and (len(records) == MOST_RECORDS or size + len(value) > MOST_BYTES):
                return Page(sequence - 1, tuple(records))
            records.append(value)
            size += len(value)
        upto = max(upto, min(run.last, want.last))
    return Page(want.last if complete else upto, tuple(records))


def encode_page(page: Page) -> bytes:
    """Return the bytes of a page."""
    return msgspec.msgpack.encode(page)


def decode_page(data: bytes, want: Want) -> Page:
    """Read a page.

    Raises:
        MalformedRequestError: It is none, or speaks of something else than was wanted.
    """
    try:
        page = _pages.decode(data)
    except msgspec.DecodeError as error:
        raise MalformedRequestError(reason=f"the answer is no page: {error}") from error
    if not want.first <= page.upto <= want.last:
        raise MalformedRequestError(reason=f"the answer speaks of {page.upto}, which is not in the range")
    return page


def _number(found: Mapping[str, str], name: str) -> int:
    text = found[name]
    if not text.isascii() or not text.isdigit() or len(text) > 18:  # noqa: PLR2004 — a bigint
        raise ValueError(name)
    return int(text)
