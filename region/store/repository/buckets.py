"""Positions of partitions, for statements that find conversations by the bucket that stands in every id."""

from collections.abc import Mapping
from typing import Final

from replication.ids import BUCKETS

TOLD: Final = "unnest(%s::text[], %s::text[], %s::bigint[]) AS t(first, last, position)"
"""Positions by the range of buckets that each partition has, as the three digits that stand in every id; of `told_rows`."""


def told_rows(told: Mapping[int, int]) -> tuple[list[str], list[str], list[int]]:
    """Return what `TOLD` takes: first and last bucket of each partition, and its position."""
    starts = [-(-partition * BUCKETS // len(told)) for partition in range(len(told) + 1)]
    firsts, lasts = [f"{start:03x}" for start in starts[:-1]], [f"{start - 1:03x}" for start in starts[1:]]
    return firsts, lasts, [told[partition] for partition in sorted(told)]
