"""What stands against restoring a backup, and which backups are kept."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from region.backup.manifest import FORMAT, Manifest, Piece, Situation, is_id, new_id, objections, too_old
from replication.turns.records import Phase, Turn

MANIFEST = Manifest(
    format=FORMAT,
    backup_id="20261126T150000Z-0a1b2c",
    region="us",
    site="us",
    made_at=1,
    made_by="ada",
    incarnation=1,
    epoch=3,
    life="",
    revision=20,
    contracted=0,
    partitions=2,
    offsets={0: 10, 1: 0},
    rows={"users": 3},
    dump=Piece("store.dump", 1, ""),
    blobs=Piece("blobs.jsonl", 0, ""),
    blob_count=0,
)
HERE = Situation(
    region="us",
    site="us",
    partitions=2,
    ends={0: 10, 1: 0},
    holder="us",
    epoch=3,
    incarnation=1,
    laid_down=False,
    present=Turn("us", 1, 3, "us"),
    alive=(),
)


def test_where_nothing_has_gone_beyond_it_it_may_be_restored() -> None:
    """Also where the store is gone, or another one was begun in its place."""
    assert objections(MANIFEST, HERE) == []
    assert objections(MANIFEST, replace(HERE, present=None)) == []
    assert objections(MANIFEST, replace(HERE, present=Turn("us", 1, 1, "us"))) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"region": "eu"}, "it is a backup of us"),
        ({"site": "eu"}, "made at us, and this is eu"),
        ({"partitions": 4}, "it has 2 partitions, and the journal 4"),
        ({"holder": "eu"}, "eu holds the duties"),
        ({"epoch": 4}, "in epoch 4"),
        ({"incarnation": 2}, "incarnation 2"),
        ({"laid_down": True}, "laid down"),
        ({"ends": {0: 12, 1: 1}}, "3 records were accepted after it"),
        ({"ends": {0: 9, 1: 0}}, "the journal lost records"),
        ({"ends": {0: 10}}, "the journal lost records"),
        ({"alive": ["us/front", "us/fanout"]}, "services work on the store: us/fanout, us/front"),
        ({"present": Turn("us", 1, 3, "eu", Phase.HANDED, "m")}, "handed over"),
    ],
)
def test_each_mismatch_is_said(change: dict[str, Any], said: str) -> None:
    """One alone is enough."""
    (what,) = objections(MANIFEST, replace(HERE, **change))
    assert said in what


def test_a_newer_format_is_not_guessed_at() -> None:
    """What it means is not known here."""
    (what,) = objections(msgspec.structs.replace(MANIFEST, format=FORMAT + 1), HERE)
    assert "format" in what


def test_records_beyond_and_records_lost_do_not_cancel_out() -> None:
    """Each is said."""
    assert len(objections(MANIFEST, replace(HERE, ends={0: 9, 1: 1}))) == 2


def test_the_newest_are_kept() -> None:
    """So many as are to be; one at least; and what is being made is left alone."""
    whole = ["20261124T150000Z-000000", "20261125T150000Z-000000", "20261126T150000Z-000000"]
    assert too_old(whole, {}, keep=3) == []
    assert too_old(whole, {}, keep=2) == whole[:1]
    assert too_old(whole[::-1], {}, keep=0) == whole[:2]
    assert too_old([], {}, keep=1) == []
    assert too_old(whole, {}, keep=2, made=whole[0]) == [], "whatever the clock said that named it"
    assert too_old(whole, {"x": 3_600, "y": 90_000}, keep=3) == ["y"]


def test_ids_sort_by_time() -> None:
    """Also within a second."""
    at = 1_795_705_200_000_000
    ids = [new_id(at + more, digit) for more, digit in ((0, "f"), (1, "0"), (999_999, "f"), (1_000_000, "0"))]
    assert ids == sorted(ids)
    assert ids[0] == "20261126T150000Z-00000f"
    assert all(is_id(one) for one in ids)


@pytest.mark.parametrize("name", ["", "..", "20261126T150000Z", "20261126T150000Z-0a1b2c/", "20261126T150000Z-0A1B2C"])
def test_what_is_no_id_is_no_backup(name: str) -> None:
    """It becomes part of a key."""
    assert is_id(MANIFEST.backup_id)
    assert not is_id(name)
