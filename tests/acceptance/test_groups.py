"""Groups over three regions, from outside: one log everywhere, and nobody posts or sees beyond their membership, links cut or not."""

import asyncio
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from chaos.federation import Federation
from chaos.people import Person
from region.client import Message, ProblemError, Stage

MakePerson = Callable[..., "asyncio.Future[Person]"]
RECOVERY_SECONDS = 120.0


async def post(person: Person, group: str, text: str) -> Message:
    """Post, and wait until it is numbered."""
    handle = await person.client.send(text, conversation=group)
    return await asyncio.wait_for(handle.outcome(), RECOVERY_SECONDS)


def kinds(person: Person, group: str) -> list[str]:
    """What a screen has shown of a group, in a word each."""
    return [message.kind for message in person.screen[group]]


async def history(person: Person, group: str) -> list[tuple[int | None, str, str]]:
    """The whole history as the person may see it, the oldest first."""
    walked = [message async for message in person.client.walk(conversation=group, forward=True)]
    return [(message.seq, message.kind, message.text) for message in walked]


async def test_a_group_of_three_regions_shows_one_order_and_who_has_read(make_person: MakePerson) -> None:
    """Everybody posts; all screens and histories are the same, and the statuses of all come together."""
    alice, eva, aki = [await make_person(region) for region in ("us", "eu", "ap")]
    group = (await alice.client.groups.create("Travellers", eva.id, aki.id)).group_id
    for person in (alice, eva, aki):
        await person.shows(group, 1)
    await asyncio.gather(*(post(person, group, f"hello from {person.id}") for person in (alice, eva, aki)))
    sent = await post(alice, group, "has everybody read this?")
    for person in (alice, eva, aki):
        await person.shows(group, 5)

    assert eva.texts(group) == aki.texts(group) == alice.texts(group)
    assert alice.seqs(group) == [1, 2, 3, 4, 5]
    assert await history(eva, group) == await history(aki, group) == await history(alice, group)
    readers = {eva.id, aki.id}
    await alice.until(lambda: all(alice.marks.get((group, one), (0, 0))[1] >= 5 for one in readers))
    assert set((await alice.client.groups.receipts(sent)).read_by) == readers
    assert (await alice.client.message(sent.message_id)).status == "read"
    members = {member.user_id: member.role for member in await aki.client.groups.members(group)}
    assert members == {alice.id: "owner", eva.id: "member", aki.id: "member"}
    listed = [each async for each in aki.client.conversations()]
    assert [(each.kind, each.name, each.unread) for each in listed] == [("group", "Travellers", 0)]


async def test_who_comes_by_a_link_sees_what_the_group_lets_joiners_see(make_person: MakePerson) -> None:
    """A region that gains its first member goes on from there; the past is fetched where it may be seen, else it is hidden."""
    alice, eva, aki = [await make_person(region) for region in ("us", "eu", "ap")]
    group = (await alice.client.groups.create("Open", history=True)).group_id
    for number in range(3):
        await post(alice, group, f"before {number}")
    invite = await alice.client.groups.invite(group, uses=2)
    await eva.client.groups.join(group, invite.token)
    await eva.sees("before 2")
    assert [text for _, _, text in await history(eva, group)][1:4] == ["before 0", "before 1", "before 2"]

    await alice.client.groups.change(group, history=False)
    await post(alice, group, "just before Aki")
    await aki.client.groups.join(group, invite.token)
    await alice.until(lambda: kinds(alice, group).count("member_joined") == 2)
    await post(alice, group, "after")
    await aki.sees("after")
    seen = await history(aki, group)
    assert [kind for _, kind, _ in seen] == ["hidden", "member_joined", "group_message_sent"]
    assert [seq for seq, _, _ in seen] == [8, 9, 10]
    assert kinds(aki, group) == ["hidden", "member_joined", "group_message_sent"]
    stranger = await make_person("us")
    with pytest.raises(ProblemError, match="link") as refused:
        await stranger.client.groups.join(group, "0" * 32)
    assert refused.value.code == "invite-not-good"


async def test_where_approval_is_needed_nobody_sees_anything_before(make_person: MakePerson) -> None:
    """Who has asked is told so; an admin lets them in."""
    alice, aki = await make_person("us"), await make_person("ap")
    group = (await alice.client.groups.create("Closed", approval=True)).group_id
    invite = await alice.client.groups.invite(group)
    await aki.client.groups.join(group, invite.token)
    await alice.until(lambda: "join_asked" in kinds(alice, group))
    with pytest.raises(ProblemError) as hidden:
        await aki.client.groups.get(group)
    assert hidden.value.code == "not-found"

    await alice.client.groups.add(group, aki.id)
    await aki.until(lambda: "member_added" in kinds(aki, group))
    assert (await aki.client.groups.get(group)).role == "member"


async def test_who_is_removed_while_a_link_is_cut_neither_posts_nor_reads_beyond(
    make_person: MakePerson, whole: Federation, tmp_path: Path
) -> None:
    """What was on its way is refused, and its author told; after healing, no history, file or search shows anything to or from a stranger."""
    alice, eva, aki = [await make_person(region) for region in ("us", "eu", "ap")]
    group = (await alice.client.groups.create("Cut", eva.id, aki.id)).group_id
    for person in (eva, aki):
        await person.shows(group, 1)
    await post(eva, group, "while all is well")
    await aki.sees("while all is well")
    word = f"zz{secrets.token_hex(6)}"
    (tmp_path / "film").write_bytes(secrets.token_bytes(100_000))

    whole.run("local", "cut", "us-eu")
    try:
        late = await eva.client.send("on its way", conversation=group)
        await asyncio.wait_for(late.reach(Stage.PENDING), RECOVERY_SECONDS)
        removal = await alice.client.groups.remove(group, eva.id)
        film = (await aki.client.media.upload(tmp_path / "film")).blob_id
        shown = await aki.client.send(f"without Eva: {word}", conversation=group, attachments=[film])
        await asyncio.wait_for(shown.outcome(), RECOVERY_SECONDS)
        await alice.sees(f"without Eva: {word}")
        assert f"without Eva: {word}" not in eva.texts(group)
    finally:
        whole.run("local", "heal", "us-eu")

    with pytest.raises(ProblemError) as refused:
        await asyncio.wait_for(late.outcome(), RECOVERY_SECONDS)
    assert refused.value.code == "not-a-member"
    await eva.until(lambda: "member_removed" in kinds(eva, group), within=RECOVERY_SECONDS)
    assert [seq for seq, _, _ in await history(eva, group)][-1] == removal.seq
    for person in (alice, aki):
        texts = [text for _, kind, text in await history(person, group) if kind == "group_message_sent"]
        assert texts == ["while all is well", f"without Eva: {word}"]
        await person.client.media.download(film, tmp_path / person.id)
        assert (tmp_path / person.id).read_bytes() == (tmp_path / "film").read_bytes()
        [hit] = (await person.client.history_search.page(word)).hits
        assert hit.message.attachments[0].blob_id == film
    assert (await eva.client.history_search.page(word)).hits == []
    with pytest.raises(ProblemError) as hidden:
        await eva.client.media.open(film)
    assert hidden.value.code == "not-found"
    with pytest.raises(ProblemError) as refused:
        await post(eva, group, "once more")
    assert refused.value.code == "not-a-member"
