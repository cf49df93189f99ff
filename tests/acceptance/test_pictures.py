"""Pictures of users, groups and channels over three regions, from outside: shown with the name, opened where one lives by whom it is for."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from PIL import Image

from chaos.people import Person
from region.client import Picture, ProblemError

MakePerson = Callable[..., "asyncio.Future[Person]"]
As = Callable[[Person], dict[str, str]]


async def bring(person: Person, path: Path) -> str:
    """Bring an image; return its blob."""
    Image.effect_noise((400, 300), 50).save(path)
    return (await person.client.media.upload(path)).blob_id


async def thumbnail(person: Person, blob_id: str, http: httpx.AsyncClient) -> bytes:
    """Open a picture; return its small thumbnail, from the region where the person lives."""
    opened = await person.client.media.open(blob_id)
    got = await http.get(opened.thumbnails["small"])
    assert (got.status_code, got.content[8:12]) == (200, b"WEBP")
    return got.content


async def comes_to_light(person: Person, blob_id: str) -> None:
    """Wait until a person may open a picture: that there is none is believed in their region for a moment after somebody asked."""
    async with asyncio.timeout(60):
        while True:
            try:
                await person.client.media.open(blob_id)
            except ProblemError as hidden:
                assert hidden.code == "not-found"  # noqa: PT017 — it is waited for
                await asyncio.sleep(0.2)
            else:
                return


async def is_hidden(person: Person, blob_id: str) -> bool:
    """Whether for that person there is no such blob."""
    with pytest.raises(ProblemError) as hidden:
        await person.client.media.open(blob_id)
    return hidden.value.code == "not-found"


async def has_changed(person: Person, group: str) -> None:
    """Wait until a person is told that a group was changed."""
    await person.until(lambda: any(one.kind == "group_changed" for one in person.screen[group]))


async def test_a_profile_shows_its_picture_in_every_region(
    make_person: MakePerson, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    """To who asks for the profile and to who searches; its bytes come from one's own region; taken away, it is there no more."""
    alice, eva, aki = await make_person("us", via="eu"), await make_person("eu"), await make_person("ap", via="us")
    blob_id = await bring(alice, tmp_path / "alice.png")
    for stranger in (eva, aki):
        assert await is_hidden(stranger, blob_id)

    changed = await alice.client.change_profile(display_name="Alice", picture=blob_id)

    assert isinstance(changed.picture, Picture)
    assert (changed.picture.blob_id, changed.picture.width, changed.picture.height) == (blob_id, 400, 300)
    assert changed.picture.blur
    own = await thumbnail(alice, blob_id, http)
    for stranger in (eva, aki):
        assert (await stranger.client.user(alice.id)).picture == changed.picture
        found = await stranger.client.search(f"@{changed.handle}")
        assert [one.picture for one in found.users if one.user_id == alice.id] == [changed.picture]
        await comes_to_light(stranger, blob_id)
        assert await thumbnail(stranger, blob_id, http) == own
    assert (await alice.client.change_profile(status_text="At sea")).picture == changed.picture
    assert (await alice.client.change_profile(picture=None)).picture is None
    assert (await aki.client.user(alice.id)).picture is None


async def test_a_groups_picture_is_for_its_members(
    make_person: MakePerson, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    """In their own regions, as it is changed there; neither for who is none, nor for who was removed."""
    alice, eva, aki = [await make_person(region) for region in ("us", "eu", "ap")]
    eve = await make_person("eu")
    first = await bring(alice, tmp_path / "first.png")
    group = (await alice.client.groups.create("Travellers", eva.id, picture=first)).group_id
    await eva.shows(group, 1)
    await thumbnail(eva, first, http)
    await alice.client.groups.add(group, aki.id)
    await aki.until(lambda: bool(aki.screen.get(group)))
    await thumbnail(aki, first, http)
    assert await is_hidden(eve, first)

    await alice.client.groups.give_role(group, eva.id, "admin")
    await eva.until(lambda: any(one.kind == "role_changed" for one in eva.screen[group]))
    second = await bring(eva, tmp_path / "second.png")
    await eva.client.groups.change(group, picture=second)
    for member in (alice, eva, aki):
        await has_changed(member, group)
        shown = (await member.client.groups.get(group)).picture
        assert shown is not None
        assert (shown.blob_id, shown.home_region) == (second, "eu")
        listed = [one.picture async for one in member.client.conversations() if one.conversation_id == group]
        assert listed == [shown]
        await thumbnail(member, second, http)
    await alice.client.groups.remove(group, aki.id)
    await aki.until(lambda: any(one.kind == "member_removed" for one in aki.screen[group]))
    assert await is_hidden(aki, second)
    assert (await aki.client.groups.get(group)).picture is None


async def test_a_channels_picture_is_for_everybody_if_it_is_public(
    make_person: MakePerson, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    """Strangers in other regions find it and look at it; of a private one, subscribers alone."""
    alice, eva, aki = [await make_person(region) for region in ("us", "eu", "ap")]
    public, private = await bring(alice, tmp_path / "public.png"), await bring(alice, tmp_path / "private.png")
    name = f"Q{alice.id[1:13]}"
    shown = await alice.client.channels.create(name, picture=public)
    hidden = await alice.client.channels.create("Ours", public=False, picture=private)

    for stranger in (eva, aki):
        found = await stranger.client.channels.find(name)
        assert [(one.channel_id, one.picture) for one in found.channels] == [(shown.channel_id, shown.picture)]
        assert (await stranger.client.channels.get(shown.channel_id)).picture == shown.picture
        await thumbnail(stranger, public, http)
        assert await is_hidden(stranger, private)
    link = await alice.client.channels.invite(hidden.channel_id)
    await aki.client.channels.subscribe(hidden.channel_id, link.token)
    await aki.until(lambda: any(one.kind == "member_joined" for one in aki.screen[hidden.channel_id]))
    await thumbnail(aki, private, http)
    assert (await aki.client.channels.get(hidden.channel_id)).picture == hidden.picture
    assert await is_hidden(eva, private)


async def test_what_is_no_image_of_ones_own_stands_for_nobody(
    make_person: MakePerson, http: httpx.AsyncClient, urls: dict[str, str], as_: As, tmp_path: Path
) -> None:
    """Each with its reason, definitely; and nothing is changed, not even what else was named."""
    alice, bob = await make_person("us"), await make_person("us")
    image = await bring(alice, tmp_path / "alice.png")
    (tmp_path / "note.txt").write_text("no image")
    file = (await alice.client.media.upload(tmp_path / "note.txt")).blob_id

    for person, blob_id, status, code in (
        (alice, file, 422, "not-a-picture"),
        (bob, image, 409, "blob-not-ready"),
        (alice, "b1", 422, "invalid-field"),
    ):
        for method, path, more in (
            ("PATCH", "/users/me", {"display_name": "Changed"}),
            ("POST", "/groups", {"name": "Travellers"}),
            ("POST", "/channels", {"name": "News"}),
        ):
            answer = await http.request(
                method, urls["us"] + path, headers=as_(person), json={**more, "picture": blob_id}
            )
            assert (answer.status_code, answer.json()["code"], answer.json()["definite"]) == (status, code, True)
        assert (await person.client.profile()).display_name != "Changed"
