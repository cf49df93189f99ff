"""Pictures of users, groups and channels on a real blob store: chosen, shown to whom they are for, fetched once, kept and collected."""

import asyncio
import hashlib
import io
from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from PIL import Image

from infra import internal
from infra.blobs import AbsentError
from infra.errors import InvalidFieldError, NotFoundError
from infra.local import ports
from infra.peers import Peers
from infra.postgres import Pool
from infra.web import serve_app
from region.media import rules
from region.media.errors import NotReadyError
from region.media.pictures.choosing import Choosing, NoPictureError
from region.media.pictures.origins import Origins
from region.media.pictures.repository import shown_in
from region.store.repository.committing import commit
from region.store.rows import Conversation, Member
from region.store.rows import Place as Journal
from region.store.writes import Move, Writes
from replication.channels import ChannelState, Presence
from replication.groups import Details
from replication.ids import channel_id, group_id, new_blob_id, new_user_id
from replication.pictures import NO_PICTURE, Picture, encode_picture
from tests.integration.media.signed import get

pytestmark = pytest.mark.integration

Region = Any  # of this folder's conftest


def photograph() -> bytes:
    """Return an image."""
    out = io.BytesIO()
    Image.effect_noise((400, 300), 60).convert("RGB").save(out, "JPEG")
    return out.getvalue()


async def bring(region: Region, owner: str) -> Picture:
    """Bring an image, and choose it as a picture."""
    blob = await region.bring(owner, photograph(), name="me at the doctor.jpg", type_="image/jpeg")
    return await Choosing(region.store).choose(owner, blob.blob_id)


async def hold(
    region: Region, conversation: str, picture: Picture | None, *members: Member, channel: ChannelState | None = None
) -> None:
    """Let a picture stand for a conversation, as the projector does."""
    await _commit(
        region,
        Writes(
            conversations={
                conversation: Conversation(
                    conversation,
                    {},
                    head=1,
                    epoch=1,
                    opened=True,
                    details=Details("Travellers", picture=picture, channel=channel),
                )
            },
            members={(conversation, member.user_id): member for member in members},
            pictured={conversation: (picture or NO_PICTURE).blob_id},
        ),
    )


async def show(region: Region, user: str, picture: Picture) -> None:
    """Let a picture stand for a user, as the projector does."""
    async with region.store.connection() as connection:
        await connection.execute("UPDATE users SET picture = %s WHERE user_id = %s", (encode_picture(picture), user))
    await _commit(region, Writes(pictured={user: picture.blob_id}))


async def _commit(region: Region, writes: Writes) -> None:
    at = region.positions.get("", 0)
    region.positions[""] = at + 1
    async with region.store.connection() as connection:
        await commit(connection, [Move(Journal(0, at, at), at + 1, at + 1)], writes)


async def opened(region: Region, reader: str, picture: Picture) -> bool:
    """Whether somebody who lives there may open a picture."""
    try:
        found = await region.downloads.open(reader, picture.blob_id)
    except NotFoundError:
        return False
    return bool(found.attachment == picture.attachment)


async def blobs_in(store: Pool) -> set[str]:
    """Return the blobs that a region knows of."""
    async with store.connection() as connection:
        cursor = await connection.execute("SELECT blob_id FROM blobs")
        return {row[0] for row in await cursor.fetchall()}


async def test_only_an_image_of_ones_own_that_is_ready_can_be_chosen(us: Region) -> None:
    """Each other has its own reason; and what it was called is not told."""
    ada, bob = await us.user(), await us.user()
    choosing = Choosing(us.store)
    image = await us.bring(ada, photograph(), name="me at the doctor.jpg", type_="image/jpeg")
    file = await us.bring(ada, b"a letter", name="a.txt")
    begun = await us.begin(ada, photograph(), kind="image", type_="image/jpeg")

    chosen = await choosing.choose(ada, image.blob_id)

    assert chosen.attachment == replace(image.attachment, name="picture")
    for who, which, reason in (
        (bob, image.blob_id, "no upload of yours"),
        (ada, new_blob_id("us"), "no upload of yours"),
        (ada, begun.blob.blob_id, "it is uploading"),
    ):
        with pytest.raises(NotReadyError, match=reason):
            await choosing.choose(who, which)
    with pytest.raises(NoPictureError, match="brought as a file"):
        await choosing.choose(ada, file.blob_id)
    for nonsense in ("", "b1-us", "\0", "x" * 10_000):
        with pytest.raises(InvalidFieldError):
            await choosing.choose(ada, nonsense)


async def test_a_picture_is_shown_to_whom_the_name_is(us: Region) -> None:
    """A user's and a public channel's to everybody, a group's and a private channel's to who belongs to it now."""
    ada, bea, cem, eve = [await us.user() for _ in range(4)]
    aki, edi = new_user_id("ap"), new_user_id("eu")
    of_user, of_group, of_public, of_private = [await bring(us, ada) for _ in range(4)]
    members = (Member(ada, "us"), Member(bea, "us"), Member(cem, "us", role="former", until=1), Member(aki, "ap"))
    former = Member(edi, "eu", role="former", until=1)
    await show(us, ada, of_user)
    await hold(us, group_id(ada, "g"), of_group, *members, former)
    public = ChannelState(regions=(Presence("us", 2),))
    private = ChannelState(public=False, regions=(Presence("ap", 1), Presence("us", 2)))
    await hold(us, channel_id(ada, "public"), of_public, *members[:2], channel=public)
    await hold(us, channel_id(ada, "private"), of_private, *members[:2], channel=private)

    seen = {
        reader: [await opened(us, reader, one) for one in (of_user, of_group, of_public, of_private)]
        for reader in (bea, cem, eve)
    }
    async with us.store.connection() as connection:
        there = {
            region: [
                await shown_in(connection, one.blob_id, region, here="us")
                for one in (of_user, of_group, of_public, of_private)
            ]
            for region in ("ap", "eu")
        }

    assert seen == {
        bea: [True, True, True, True],
        cem: [True, False, True, False],
        eve: [True, False, True, False],
    }
    assert there == {"ap": [True, True, True, True], "eu": [True, False, True, False]}


async def test_of_a_channel_in_which_nobody_here_is_left_nothing_is_believed(us: Region, eu: Region) -> None:
    """It may be private by now, or have another picture: whoever asks is told what its origin says, and nothing if that says nothing."""
    ada, former, stranger = await us.user(), await eu.user(), await eu.user()
    channel, mine = channel_id(ada, "c"), await bring(us, ada)
    gone = Member(former, "eu", role="former", until=1)
    state = ChannelState(subscribers=1, regions=(Presence("us", 1),))
    await hold(eu, channel, mine, gone, channel=state)
    for reader in (former, stranger):
        assert not await opened(eu, reader, mine)
    assert await blobs_in(eu.store) == set()

    asked: list[str] = []

    async def origin(blob_id: str) -> Picture:
        asked.append(blob_id)
        return mine

    await hold(us, channel, mine, Member(ada, "us", role="owner"), gone, channel=state)
    eu.downloads._elsewhere = origin  # noqa: SLF001 — the same, but that it asks
    for reader in (former, stranger):
        asking = asyncio.create_task(eu.downloads.open(reader, mine.blob_id))
        await _work(eu, asking)
        assert (await asking).attachment == mine.attachment
    assert asked == [mine.blob_id] * 2


async def test_the_owner_of_a_channel_gets_its_picture_though_nobody_is_left_where_it_was_brought(us: Region) -> None:
    """It knows whether the channel is for everybody; so does who subscribes, as far as is known; others are given nothing."""
    ada, edi = await us.user(), new_user_id("eu")
    mine = await bring(us, ada)
    state = ChannelState(subscribers=2, regions=(Presence("ap", 1), Presence("eu", 1)))
    await hold(us, channel_id(edi, "c"), mine, Member(ada, "us", role="former", until=1), channel=state)
    async with us.store.connection() as connection:
        given = {name: await shown_in(connection, mine.blob_id, name, here="us") for name in ("ap", "eu", "sa")}
    assert given == {"ap": True, "eu": True, "sa": False}


async def test_a_picture_that_was_replaced_is_collected_and_one_in_use_is_not(us: Region) -> None:
    """A user's and a group's; it counts for its owner's quota as long as it is there."""
    ada, bob = await us.user(), await us.user()
    group = group_id(ada, "g")
    first, of_group, unused = [await bring(us, ada) for _ in range(3)]
    await show(us, ada, first)
    await hold(us, group, of_group, Member(ada, "us"))
    await us.collector.collect()
    assert await blobs_in(us.store) == {first.blob_id, of_group.blob_id}
    with pytest.raises(NotReadyError):
        await Choosing(us.store).choose(ada, unused.blob_id)

    second = await bring(us, ada)
    await show(us, ada, second)
    assert not await opened(us, bob, first)
    await us.collector.collect()
    assert await blobs_in(us.store) == {second.blob_id, of_group.blob_id}
    assert (await get((await us.downloads.open(bob, second.blob_id)).thumbnails["small"])).is_success
    with pytest.raises(AbsentError):
        await us.blobs.size(rules.key(first.blob_id))

    await show(us, ada, NO_PICTURE)
    await hold(us, group, None, Member(ada, "us"))
    await us.collector.collect()
    assert await blobs_in(us.store) == set()


async def test_what_stands_for_several_is_kept_until_it_stands_for_nobody(us: Region) -> None:
    """One image may be a user's and a group's."""
    ada = await us.user()
    mine = await bring(us, ada)
    await show(us, ada, mine)
    await hold(us, group_id(ada, "g"), mine, Member(ada, "us"))
    await show(us, ada, NO_PICTURE)
    await us.collector.collect()
    assert await blobs_in(us.store) == {mine.blob_id}


async def test_a_group_in_another_region_fetches_its_picture_once(us: Region, eu: Region) -> None:
    """With its thumbnails; who does not belong to it gets nothing, there as here."""
    ada, eva, eve = await us.user(), await eu.user(), await eu.user()
    group, mine = group_id(ada, "g"), await bring(us, ada)
    for region in (us, eu):
        await hold(region, group, mine, Member(ada, "us"), Member(eva, "eu"))

    asking = [asyncio.create_task(eu.downloads.open(eva, mine.blob_id)) for _ in range(5)]
    steps = await _work(eu, *asking)
    found = await asking[0]

    assert steps == 1
    assert hashlib.sha256((await get(found.url)).content).hexdigest() == mine.checksum
    assert (await get(found.thumbnails["large"])).is_success
    assert not await opened(eu, eve, mine)
    await eu.collector.collect()
    assert await blobs_in(eu.store) == {mine.blob_id}
    await hold(eu, group, None, Member(ada, "us"), Member(eva, "eu"))
    await eu.collector.collect()
    assert await blobs_in(eu.store) == set()


async def test_a_picture_of_somebody_in_another_region_is_asked_for_and_fetched(us: Region, eu: Region) -> None:
    """Its origin says whether it is for everybody; a copy that nothing here refers to is collected, and fetched anew."""
    [port] = ports.some_free(1)
    ada, eva = await us.user(), await eu.user()
    mine, groups = await bring(us, ada), await bring(us, ada)
    await show(us, ada, mine)
    await hold(us, group_id(ada, "g"), groups, Member(ada, "us"))
    peers = Peers("eu", {"us": f"http://127.0.0.1:{port}"})
    asks = Origins(region="eu", peers=peers, store=eu.store)
    tells = Origins(region="us", peers=Peers("us", {}), store=us.store)
    eu.downloads._elsewhere = asks.find  # noqa: SLF001 — the same, but that it asks
    serving = asyncio.create_task(serve_app(tells.serve(_nothing_else), host="127.0.0.1", port=port))
    async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(retries=5)) as peers.client:
        try:
            await _until_served(port)
            for _ in range(2):
                asking = asyncio.create_task(eu.downloads.open(eva, mine.blob_id))
                assert await _work(eu, asking) == 1
                assert (await get((await asking).thumbnails["small"])).is_success
                assert await _work(eu, asyncio.create_task(eu.downloads.open(eva, mine.blob_id))) == 0
                await eu.collector.collect()
                assert await blobs_in(eu.store) == set()
            assert not await opened(eu, eva, groups)
            bridged = await peers.client.get(
                f"http://127.0.0.1:{port}/internal/pictures",
                params={"blob_id": mine.blob_id},
                headers={internal.BRIDGED_HEADER.decode(): "1"},
            )
            assert bridged.status_code == 418
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


async def _nothing_else(scope: Any, receive: Any, send: Any) -> None:
    del scope, receive
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def _until_served(port: int) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            return


async def _work(region: Region, *asking: "asyncio.Task[Any]") -> int:
    """Let a region's media service work until all who ask are answered; return how much it did."""
    done = 0
    while not all(one.done() for one in asking):
        done += await region.worker.step()
        await asyncio.sleep(0.02)
    return done
