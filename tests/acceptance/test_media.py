"""Images and files between two regions, from outside: the author travels, the friend lives elsewhere."""

import asyncio
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from PIL import Image

from chaos.people import Person
from region.client import ProblemError

MakePerson = Callable[..., "asyncio.Future[Person]"]
As = Callable[[Person], dict[str, str]]
SIZE = 9 * 1024 * 1024
"""Larger than one part."""


async def test_a_traveller_sends_a_picture_and_a_file_to_a_friend_in_another_region(
    make_person: MakePerson, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    """Both arrive with the message, byte for byte, from the friend's own region; nobody else can open them, and the text may be missing."""
    ada, boris = await make_person("us", via="eu"), await make_person("eu")
    eve = await make_person("eu")
    picture, film = tmp_path / "beach.png", tmp_path / "film.bin"
    Image.effect_noise((400, 300), 50).save(picture)
    film.write_bytes(os.urandom(SIZE))
    image = await ada.client.media.upload(picture)
    file = await ada.client.media.upload(film, name="Urlaub.film")

    handle = await ada.client.send("", to=boris.id, attachments=[image.blob_id, file.blob_id])
    sent = await handle.outcome()

    assert [one.blob_id for one in sent.attachments] == [image.blob_id, file.blob_id]
    seen = await boris.sees("")
    assert seen.attachments == sent.attachments
    assert (image.kind, image.content_type, image.width, image.height) == ("image", "image/png", 400, 300)
    there = await boris.client.media.download(file.blob_id, tmp_path / "there")
    assert (there.name, there.home_region) == ("Urlaub.film", "us")
    assert hashlib.sha256((tmp_path / "there").read_bytes()).digest() == hashlib.sha256(film.read_bytes()).digest()
    opened = await boris.client.media.open(image.blob_id)
    assert opened.url.split("/")[2] != (await ada.client.media.open(image.blob_id)).url.split("/")[2]
    thumbnail = await http.get(opened.thumbnails["small"])
    assert (thumbnail.status_code, thumbnail.content[8:12]) == (200, b"WEBP")
    with pytest.raises(ProblemError) as hidden:
        await eve.client.media.open(image.blob_id)
    assert hidden.value.code == "not-found"
    [listed] = (await boris.client.history(peer=ada.id)).messages
    assert listed.attachments == sent.attachments


async def test_a_message_cannot_refer_to_what_is_not_there(
    make_person: MakePerson, http: httpx.AsyncClient, urls: dict[str, str], as_: As
) -> None:
    """An upload that was only begun, another's, one that never was; over HTTP and over the WebSocket the error is definite."""
    ada, boris = await make_person("us"), await make_person("us")
    announced = {"name": "a", "size": 5, "checksum": hashlib.sha256(b"hello").hexdigest()}
    begun = (await http.post(f"{urls['us']}/uploads", headers=as_(ada), json=announced)).json()
    message = {"recipient_id": boris.id, "attachments": [begun["blob_id"]]}

    early = await http.post(f"{urls['us']}/messages", headers=as_(ada), json=message)
    assert (early.status_code, early.json()["code"], early.json()["definite"]) == (409, "blob-not-ready", True)
    incomplete = await http.post(f"{urls['us']}/uploads/{begun['blob_id']}/complete", headers=as_(ada))
    assert (incomplete.status_code, incomplete.json()["code"]) == (409, "upload-incomplete")
    assert (await http.put(begun["url"], content=b"hello", headers=begun["headers"])).is_success
    done = await http.post(f"{urls['us']}/uploads/{begun['blob_id']}/complete", headers=as_(ada))
    assert (done.status_code, done.json()["state"]) == (200, "ready"), done.text

    stolen = await http.post(f"{urls['us']}/messages", headers=as_(boris), json={**message, "recipient_id": ada.id})
    assert (stolen.status_code, stolen.json()["code"]) == (409, "blob-not-ready")
    sent = await http.post(f"{urls['us']}/messages", headers=as_(ada), json=message)
    assert sent.status_code == 201, sent.text
    assert [one["blob_id"] for one in sent.json()["attachments"]] == [begun["blob_id"]]
    refused = await boris.client.send("", to=ada.id, attachments=[begun["blob_id"]])
    with pytest.raises(ProblemError) as error:
        await refused.outcome()
    assert error.value.code == "blob-not-ready"


async def test_a_file_in_a_group_is_for_who_may_see_its_message(make_person: MakePerson, tmp_path: Path) -> None:
    """Members open it in their own regions; who joins later, without the group's past, does not."""
    alice, eva, aki = [await make_person(region) for region in ("us", "eu", "ap")]
    note = tmp_path / "note.txt"
    note.write_text("Gate 7, at noon")
    group = (await alice.client.groups.create("Travellers", eva.id, history=False)).group_id
    await eva.shows(group, 1)
    file = await alice.client.media.upload(note)

    handle = await alice.client.send("where we meet", conversation=group, attachments=[file.blob_id])
    sent = await handle.outcome()

    seen = await eva.sees("where we meet")
    assert [one.blob_id for one in seen.attachments] == [one.blob_id for one in sent.attachments] == [file.blob_id]
    await eva.client.media.download(file.blob_id, tmp_path / "there.txt")
    assert (tmp_path / "there.txt").read_text() == "Gate 7, at noon"
    await alice.client.groups.add(group, aki.id)
    later = await alice.client.send("welcome", conversation=group)
    await later.outcome()
    await aki.sees("welcome")
    with pytest.raises(ProblemError) as hidden:
        await aki.client.media.open(file.blob_id)
    assert hidden.value.code == "not-found"
