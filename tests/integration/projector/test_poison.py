"""`causeway poison` on a real store, beside a projector that fulfils its wishes."""

import asyncio
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner, Result

from region.projector.rehearsal import message
from replication.codec import NEWEST, encode
from replication.ids import direct_conversation_id, partition_of
from replication.poison.cli import app
from replication.records import Journaled

pytestmark = pytest.mark.integration

Until = Callable[[str, Callable[[], Awaitable[bool]]], Awaitable[None]]
PARTITIONS = 4
SECRET = "what alice wrote"


async def test_poison_is_listed_shown_and_replayed(
    region: Any, until: Until, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that people wrote is told; what cannot be taken in yet is said to wait, and what was mended is taken in."""
    monkeypatch.setenv("CAUSEWAY_REGION", "us")
    monkeypatch.setenv("CAUSEWAY_STORE", region.settings.store)

    async def causeway(*arguments: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, app, list(arguments))

    alice, bob = await region.user(), await region.user()
    conversation = direct_conversation_id(alice, bob)
    partition = partition_of(conversation, PARTITIONS)
    good = encode(Journaled(record=message(alice, bob, SECRET)))
    other = await region.user()
    elsewhere = direct_conversation_id(alice, other)
    mended = encode(Journaled(record=message(alice, other, SECRET)))
    await region.append_bytes(partition, bytes((NEWEST + 1,)) + good[1:], conversation)
    await region.append_bytes(partition_of(elsewhere, PARTITIONS), b"\xee" + mended[1:], elsewhere)
    region.start()

    async def both_aside() -> bool:
        return len(await region.execute("SELECT 1 FROM aside")) == 2

    await until("both are aside", both_aside)
    found = {one["kind"]: one for one in msgspec.json.decode((await causeway("list", "us", "--json")).output)}
    assert {kind: one["key"] for kind, one in found.items()} == {"newer": conversation, "unreadable": elsewhere}
    listed = await causeway("list", "us")
    shown = await causeway("show", "us", found["newer"]["name"], "--bytes", str(tmp_path / "record"))
    assert found["newer"]["name"] in listed.output
    assert f"author: {alice}" in shown.output
    assert SECRET not in listed.output + shown.output
    assert (tmp_path / "record").read_bytes()[1:] == good[1:]
    assert stat.S_IMODE((tmp_path / "record").stat().st_mode) == 0o600

    await region.execute("UPDATE aside SET value = %s WHERE kind = 'unreadable'", mended)  # as mended software reads it
    replayed = await causeway("replay", "us", "--every", "--by", "olga")
    assert replayed.exit_code == 1
    assert "still aside: it waits for an upgrade" in replayed.output
    assert "for olga" in replayed.output
    assert [text for (text,) in await region.execute("SELECT text FROM entries")] == [SECRET]
    again = await causeway("replay", "us", found["unreadable"]["name"])
    assert again.exit_code == 0
    assert [one["kind"] for one in msgspec.json.decode((await causeway("list", "us", "--json")).output)] == ["newer"]
    assert "for olga" in (await causeway("list", "us", "--all")).output


async def test_what_is_not_there_is_told_in_a_sentence(region: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """And how to reach a store, without saying how it is reached."""
    monkeypatch.setenv("CAUSEWAY_REGION", "us")
    monkeypatch.setenv("CAUSEWAY_STORE", region.settings.store)

    async def causeway(*arguments: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, app, list(arguments))

    assert "Nothing is aside" in (await causeway("list", "us")).output
    assert "no poison journal/1/2" in str((await causeway("show", "us", "journal/1/2")).exception)
    assert (await causeway("replay", "us")).exit_code == 2
    monkeypatch.setenv("CAUSEWAY_STORE", "postgresql://somebody:secret@127.0.0.1:1/none")
    failure = str((await causeway("list", "us")).exception)
    assert "cannot be reached" in failure
    assert "secret" not in failure
