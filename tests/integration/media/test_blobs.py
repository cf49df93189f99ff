"""Images and files on a real S3: brought, checked, referred to, opened, fetched once, collected."""

import asyncio
import hashlib
import io
import os
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from PIL import Image

from infra.blobs import AbsentError, Place, Signer
from infra.credentials import Credentials
from infra.errors import NotFoundError
from region.media import rules
from region.media.downloads import Downloads, Opened
from region.media.errors import (
    ClosedError,
    IncompleteError,
    MismatchError,
    NotAnImageError,
    NotReadyError,
    OnItsWayError,
    QuotaError,
    TooManyUploadsError,
)
from region.media.repository import blob as blob_of
from region.media.repository import seen_in
from region.store.rows import Member
from replication.channels import ChannelState, Presence
from replication.codec import encode_details
from replication.groups import Details
from replication.ids import channel_id, group_id, new_user_id
from tests.integration.media.signed import get, put

pytestmark = pytest.mark.integration

Region = Any  # of this folder's conftest
JPEG = "image/jpeg"


def photograph(*, way_up: int = 6, size: tuple[int, int] = (640, 480)) -> bytes:
    """Return a picture as a camera makes it: with the way up, and with where it was taken."""
    exif = Image.Exif()
    exif[0x0112] = way_up
    exif[0x010E] = "a secret place"
    out = io.BytesIO()
    Image.effect_noise(size, 60).convert("RGB").save(out, "JPEG", exif=exif)
    return out.getvalue()


async def opened(region: Region, reader: str, blob_id: str) -> Opened:
    """Ask for a blob until it is there, as devices do: a busy machine takes longer to fetch it than an answer is waited for."""
    while True:
        try:
            found: Opened = await region.downloads.open(reader, blob_id)
        except OnItsWayError:
            continue
        return found


async def asked_for(region: Region, blob_id: str) -> None:
    """Wait until somebody has asked that region for a blob of another."""
    async with asyncio.timeout(60):
        while True:
            async with region.store.connection() as connection:
                if await blob_of(connection, blob_id) is not None:
                    return
            await asyncio.sleep(0.02)


async def test_an_image_becomes_safe_and_small(us: Region) -> None:
    """It stands upright, tells nothing of where it was taken, and has thumbnails and a placeholder."""
    ada = await us.user()

    blob = await us.bring(ada, photograph(), name="beach.jpg", type_=JPEG)

    assert (blob.state, blob.kind, blob.content_type, blob.width, blob.height) == ("ready", "image", JPEG, 480, 640)
    assert blob.blur
    opened = await us.downloads.open(ada, blob.blob_id)
    content = (await get(opened.url)).content
    assert hashlib.sha256(content).hexdigest() == blob.checksum
    assert len(content) == blob.size
    assert b"secret" not in content
    with Image.open(io.BytesIO(content)) as image:
        assert not image.getexif()
    for name, side in (("small", 320), ("large", 640)):
        with Image.open(io.BytesIO((await get(opened.thumbnails[name])).content)) as image:
            assert (image.format, max(image.size)) == ("WEBP", side)


async def test_a_file_is_what_it_is_found_to_be(us: Region) -> None:
    """Whatever it was said to be; and a part of it can be asked for."""
    ada = await us.user()
    content = b"%PDF-1.7\n" + os.urandom(2000)

    blob = await us.bring(ada, content, name="Übersicht.pdf", type_="text/html")

    assert (blob.kind, blob.content_type) == ("file", "application/pdf")
    opened = await us.downloads.open(ada, blob.blob_id)
    ranged = await get(opened.url, Range="bytes=5-14")
    assert (ranged.status_code, ranged.content) == (206, content[5:15])
    assert ranged.headers["content-type"] == "application/pdf"
    assert "attachment" in ranged.headers["content-disposition"]


async def test_what_is_not_what_was_announced_is_thrown_away(us: Region) -> None:
    """Its bytes, or its kind: the error is definite, nothing is left, and no message can refer to it."""
    ada = await us.user()
    begun = await us.begin(ada, b"one thing")
    await put(begun.url, b"an other!", "application/octet-stream")
    with pytest.raises(MismatchError):
        await us.complete(ada, begun.blob.blob_id)
    with pytest.raises(NotAnImageError):
        await us.bring(ada, b"GIF89a, but not really", kind="image", type_="image/gif")
    with pytest.raises(NotReadyError):
        await us.attachments.pin(ada, [begun.blob.blob_id])
    with pytest.raises(AbsentError):
        await us.blobs.size(rules.arrival_key(begun.blob.blob_id))


async def test_an_address_is_good_for_what_was_announced_alone(us: Region) -> None:
    """Neither more bytes nor another type can be put there; and what was checked cannot be replaced by it afterwards."""
    ada = await us.user()
    begun = await us.begin(ada, b"hello")
    refused = await put(begun.url, b"hello", "text/html")
    assert refused.status_code == 403

    blob = await us.bring(ada, b"the first", name="a.txt")
    assert (await put((await us.begin(ada, b"the first")).url, b"the first", "application/octet-stream")).is_success
    assert blob.content_type == "text/plain"
    opened = await us.downloads.open(ada, blob.blob_id)
    assert (await get(opened.url)).content == b"the first"


async def test_an_address_is_good_for_its_time_alone(us: Region, seaweed: Place) -> None:
    """Then the store refuses it; another one is good again."""
    ada = await us.user()
    blob = await us.bring(ada, b"hello", name="a.txt")

    async def wake() -> None:
        return

    place = Place(seaweed.url, seaweed.public_url, "us-blobs", credentials=seaweed.credentials)
    brief = Downloads(region="us", store=us.store, signer=Signer(place), seconds=1, wake=wake)
    opened = await brief.open(ada, blob.blob_id)
    async with asyncio.timeout(60):
        while (answer := await get(opened.url)).status_code == 200:  # noqa: ASYNC110 — it is time that passes
            await asyncio.sleep(0.2)
    assert answer.status_code == 403
    assert b"hello" not in answer.content
    assert (await get((await us.downloads.open(ada, blob.blob_id)).url)).content == b"hello"


async def test_a_large_file_goes_in_parts_and_on_where_it_stopped(us: Region) -> None:
    """The parts that are there are listed; it is complete when all are, and no part can be put afterwards."""
    ada = await us.user()
    content = os.urandom(rules.PART * 2 + 1000)
    begun = await us.begin(ada, content, name="film")
    blob_id = begun.blob.blob_id
    first = await us.uploads.sign(ada, blob_id, [1, 3])
    assert (await put(first[3], content[2 * rules.PART :])).is_success
    assert (await put(first[1], content[: rules.PART])).is_success

    with pytest.raises(IncompleteError, match="missing, or of a wrong size: 2"):
        await us.uploads.complete(ada, blob_id)
    assert [part.number for part in (await us.uploads.look(ada, blob_id)).parts] == [1, 3]
    second = await us.uploads.sign(ada, blob_id, [2])
    assert (await put(second[2], content[rules.PART : 2 * rules.PART])).is_success
    blob = await us.complete(ada, blob_id)

    assert (blob.state, blob.size) == ("ready", len(content))
    assert await us.blobs.digest(rules.key(blob_id)) == (len(content), blob.checksum)
    assert not (await put(second[2], content[: rules.PART])).is_success
    with pytest.raises(ClosedError):
        await us.uploads.sign(ada, blob_id, [1])


async def test_only_ones_own_checked_blobs_can_be_referred_to(us: Region) -> None:
    """Not another's, not one that was only begun, not one that never was."""
    ada, bob = await us.user(), await us.user()
    blob = await us.bring(ada, b"mine")
    begun = await us.begin(ada, b"later")

    [found] = await us.attachments.pin(ada, [blob.blob_id])

    assert found == blob.attachment
    for who, which in ((bob, blob.blob_id), (ada, begun.blob.blob_id), (ada, "b" + "0" * 32 + "-us")):
        with pytest.raises(NotReadyError):
            await us.attachments.pin(who, [which])


async def test_who_may_see_the_message_may_open_what_it_refers_to(us: Region, entry_of: Callable[..., Any]) -> None:
    """Its members; for everybody else there is no such blob."""
    ada, bob, eve = [await us.user() for _ in range(3)]
    blob = await us.bring(ada, b"for bob")
    with pytest.raises(NotFoundError):
        await us.downloads.open(bob, blob.blob_id)

    await us.note(entry_of(ada, bob, await us.attachments.pin(ada, [blob.blob_id])))

    assert (await get((await us.downloads.open(bob, blob.blob_id)).url)).content == b"for bob"
    with pytest.raises(NotFoundError):
        await us.downloads.open(eve, blob.blob_id)


async def test_who_may_not_see_the_entry_may_not_open_what_it_refers_to(
    us: Region, entry_of: Callable[..., Any]
) -> None:
    """In a group: who was removed before it, who joined after it without its past, and who was away when it was posted."""
    ada, bea, cem, dot, eve = [await us.user() for _ in range(5)]
    foreigner, gone = new_user_id("eu"), new_user_id("ap")
    blob = await us.bring(ada, b"for members' eyes")
    group = group_id(ada, "travellers")
    entry = entry_of(ada, bea, (blob.attachment,), seq=5, group=group)
    members = [
        Member(ada, "us"),
        Member(bea, "us", role="former", until=4),
        Member(cem, "us", since=6, joined=6),
        Member(dot, "us", hidden=((4, 5),)),
        Member(eve, "us", role="former", until=5),
        Member(foreigner, "eu"),
        Member(gone, "ap", role="former", until=4),
    ]

    await us.note(entry, *members)

    for reader in (ada, eve):
        assert (await us.downloads.open(reader, blob.blob_id)).attachment == blob.attachment
    for reader in (bea, cem, dot):
        with pytest.raises(NotFoundError):
            await us.downloads.open(reader, blob.blob_id)
    async with us.store.connection() as connection:
        assert [await seen_in(connection, blob.blob_id, region) for region in ("eu", "ap")] == [True, False]


async def test_another_region_fetches_it_once_and_serves_it_itself(
    us: Region, eu: Region, entry_of: Callable[..., Any]
) -> None:
    """With its thumbnails, in parts if it is large; ten who ask at the same time cause one fetch."""
    ada, bob = await us.user(), await eu.user()
    content = os.urandom(rules.PART + 5)
    picture, film = await us.bring(ada, photograph(), type_=JPEG), await us.begin(ada, content, name="film")
    film_id = film.blob.blob_id
    for number, url in (await us.uploads.sign(ada, film_id, [1, 2])).items():
        await put(url, content[(number - 1) * rules.PART : number * rules.PART])
    await us.complete(ada, film_id)
    entry = entry_of(ada, bob, await us.attachments.pin(ada, [picture.blob_id, film_id]))
    await us.note(entry)
    await eu.note(entry)

    asking = [asyncio.create_task(opened(eu, bob, film_id)) for _ in range(10)]
    await asked_for(eu, film_id)
    fetched = [await eu.worker.step() for _ in range(2)]
    shown = await asyncio.gather(*asking)
    assert fetched == [True, False]
    us.blobs = None
    assert (await get(shown[0].url)).content == content
    asking = [asyncio.create_task(opened(eu, bob, picture.blob_id))]
    await asked_for(eu, picture.blob_id)
    await eu.worker.step()
    image = await asking[0]
    assert hashlib.sha256((await get(image.url)).content).hexdigest() == picture.checksum
    assert (await get(image.thumbnails["small"])).is_success


async def test_a_fetch_goes_on_where_it_was_cut(us: Region, eu: Region, entry_of: Callable[..., Any]) -> None:
    """Parts that came are not fetched again by whoever takes it up."""
    ada, bob = await us.user(), await eu.user()
    content = os.urandom(rules.PART * 3)
    begun = await us.begin(ada, content, name="film")
    blob_id = begun.blob.blob_id
    for number, url in (await us.uploads.sign(ada, blob_id, [1, 2, 3])).items():
        await put(url, content[(number - 1) * rules.PART : number * rules.PART])
    await us.complete(ada, blob_id)
    entry = entry_of(ada, bob, await us.attachments.pin(ada, [blob_id]))
    await us.note(entry)
    await eu.note(entry)
    asked: list[tuple[str, int]] = []
    get_part = eu.fetcher._get  # noqa: SLF001 — what the cut is put into

    async def cut_at_third(blob: Any, name: str, *, most: int, start: int = 0, end: int | None = None) -> bytes:
        asked.append((name, start // rules.PART + 1))
        if asked == [("original", 1), ("original", 2), ("original", 3)]:
            raise httpx.ReadError("cut")
        part: bytes = await get_part(blob, name, most=most, start=start, end=end)
        return part

    eu.fetcher._get = cut_at_third  # noqa: SLF001
    asking = asyncio.create_task(opened(eu, bob, blob_id))
    while not asking.done():
        await eu.worker.step()
        await asyncio.sleep(0.05)

    assert (await get((await asking).url)).content == content
    assert asked == [("original", 1), ("original", 2), ("original", 3), ("original", 3)]


async def test_a_region_without_a_member_gets_nothing(us: Region, eu: Region, entry_of: Callable[..., Any]) -> None:
    """Not even over the way between regions."""
    ada, bob = await us.user(), await us.user()
    blob = await us.bring(ada, b"among us")
    await us.note(entry_of(ada, bob, await us.attachments.pin(ada, [blob.blob_id])))

    answer = await get(
        f"http://127.0.0.1:{us.port}/internal/blobs/{blob.blob_id}/original", **{"causeway-region": "eu"}
    )

    assert answer.status_code == 404


async def test_posts_of_a_channel_are_for_every_region_with_a_subscriber(
    us: Region, entry_of: Callable[..., Any]
) -> None:
    """A region knows its own subscribers alone, so who posts there could show an image to nobody in a third region."""
    ada = await us.user()
    blob = await us.bring(ada, b"for subscribers")
    channel = channel_id(new_user_id("ap"), "news")
    await us.note(entry_of(ada, ada, (blob.attachment,), seq=3, group=channel), Member(ada, "us", role="admin"))
    state = ChannelState(public=False, regions=(Presence("us", 1), Presence("eu", 2)), subscribers=3)
    details = encode_details(Details("News", channel=state))
    async with us.store.connection() as connection:
        await connection.execute("UPDATE conversations SET details = %s WHERE conversation_id = %s", (details, channel))

        assert [await seen_in(connection, blob.blob_id, region) for region in ("us", "eu", "mx")] == [True, True, False]


async def test_one_of_many_who_may_see_it_is_found_whoever_may_not(us: Region, entry_of: Callable[..., Any]) -> None:
    """Also where it takes several looks, since only some of the runs that each may not see tell."""
    ada = await us.user()
    blob = await us.bring(ada, b"for one of them")
    group = group_id(ada, "many")
    crowd = [Member(new_user_id("eu"), "eu", hidden=((2, 3), (5, 9))) for _ in range(450)]
    last = Member("ufff" + "f" * 29 + "-eu", "eu", hidden=((2, 3), (6, 9)))
    await us.note(entry_of(ada, ada, (blob.attachment,), seq=5, group=group), Member(ada, "us"), *crowd)
    async with us.store.connection() as connection:
        assert not await seen_in(connection, blob.blob_id, "eu")

    await us.note(entry_of(ada, ada, (), seq=6, group=group), Member(ada, "us"), last)

    async with us.store.connection() as connection:
        assert await seen_in(connection, blob.blob_id, "eu")


async def test_orphans_are_collected_and_nothing_else(us: Region, entry_of: Callable[..., Any]) -> None:
    """What was begun, what was abandoned, and what no message refers to goes with its bytes; what one refers to stays."""
    ada, bob = await us.user(), await us.user()
    kept, unsent = await us.bring(ada, b"kept"), await us.bring(ada, b"never sent")
    await us.note(entry_of(ada, bob, await us.attachments.pin(ada, [kept.blob_id])))
    begun = await us.begin(ada, os.urandom(rules.PART + 1))
    signed = await us.uploads.sign(ada, begun.blob.blob_id, [2])
    await put(signed[2], b"x")
    abandoned = await us.begin(ada, b"abandoned")
    await us.uploads.abandon(ada, abandoned.blob.blob_id)

    await us.collector.collect()

    async with us.store.connection() as connection:
        cursor = await connection.execute("SELECT blob_id FROM blobs")
        assert [row[0] for row in await cursor.fetchall()] == [kept.blob_id]
    with pytest.raises(AbsentError):
        await us.blobs.size(rules.key(unsent.blob_id))
    assert await us.blobs.size(rules.key(kept.blob_id)) == 4


async def test_quotas_hold_when_many_begin_at_once(us: Region) -> None:
    """Of bytes, and of uploads that are not completed."""
    ada, bob = await us.user(), await us.user()
    size = 500 * 1024**2

    async def begin(who: str, size: int) -> object:
        return await us.uploads.begin(who, name="big", size=size, content_type="a/b", checksum="0" * 64, kind="file")

    large = await asyncio.gather(*(begin(ada, size) for _ in range(4)), return_exceptions=True)
    many = await asyncio.gather(*(begin(bob, 1) for _ in range(8)), return_exceptions=True)

    assert sum(isinstance(one, QuotaError) for one in large) == 2
    assert sum(isinstance(one, TooManyUploadsError) for one in many) == 3


async def test_keys_stand_in_no_address(us: Region, credentials: Credentials) -> None:
    """A signed address tells who signed, and not with what."""
    ada = await us.user()
    begun = await us.begin(ada, b"hello")

    assert credentials.secret_key not in begun.url
    assert credentials.secret_key not in repr(credentials)
