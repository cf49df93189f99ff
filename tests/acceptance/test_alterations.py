"""Edits, deletions and reactions over three regions, from outside: the same everywhere, at once and after being away."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from chaos.federation import Federation
from chaos.people import Person
from region.client import Mention, Message, ProblemError

MakePerson = Callable[..., "asyncio.Future[Person]"]
RECOVERY_SECONDS = 120.0
THUMB = "\N{THUMBS UP SIGN}"


async def post(
    person: Person,
    text: str,
    *,
    to: str | None = None,
    conversation: str | None = None,
    reply_to: str | None = None,
    mentions: Sequence[Mention] = (),
) -> Message:
    """Send, and wait until it is numbered."""
    handle = await person.client.send(text, to=to, conversation=conversation, reply_to=reply_to, mentions=mentions)
    return await asyncio.wait_for(handle.outcome(), RECOVERY_SECONDS)


async def told(person: Person, conversation: str, kind: str, count: int = 1) -> Message:
    """Wait until a screen has shown so many of that kind; return the last."""

    def found() -> list[Message]:
        return [message for message in person.screen[conversation] if message.kind == kind]

    await person.until(lambda: len(found()) >= count)
    return found()[-1]


async def test_in_a_group_everybody_sees_what_is_done_to_messages(make_person: MakePerson) -> None:
    """An edit, a reaction and a deletion come to all screens, and all histories show what they came to."""
    alice, eva, aki = [await make_person(region) for region in ("us", "eu", "ap")]
    group = (await alice.client.groups.create("Travellers", eva.id, aki.id)).group_id
    for person in (alice, eva, aki):
        await person.shows(group, 1)
    said = await post(eva, "frist", conversation=group)
    secret = await post(aki, "secret", conversation=group)
    for person in (alice, eva, aki):
        await person.shows(group, 3)

    await eva.client.messages.edit(said.message_id, "first")
    await aki.client.messages.react(said.message_id, THUMB)
    await alice.client.messages.delete(secret.message_id)
    for person in (alice, eva, aki):
        edited = await told(person, group, "message_edited")
        assert edited.change is not None
        assert (edited.change.message_id, edited.change.text) == (said.message_id, "first")
        await told(person, group, "reaction_added")
        await told(person, group, "message_deleted")
        shown = await person.client.message(said.message_id)
        assert (shown.text, [(one.emoji, one.user_ids) for one in shown.reactions]) == ("first", [(THUMB, [aki.id])])
        assert [edit.text for edit in await person.client.messages.edits(said.message_id)] == ["frist", "first"]
        gone = await person.client.message(secret.message_id)
        assert (gone.text, gone.deleted) == ("", True)
        history = [message.text async for message in person.client.walk(conversation=group)]
        assert "secret" not in history
    with pytest.raises(ProblemError) as late:
        await aki.client.messages.edit(secret.message_id, "back again")
    assert late.value.code == "message-deleted"


async def test_between_two_either_reacts_and_each_edits_their_own(make_person: MakePerson) -> None:
    """Through whichever region the pair's owner is."""
    alice, eva = await make_person("us"), await make_person("eu")
    said = await post(alice, "helo", to=eva.id)
    await eva.sees("helo")
    pair = said.conversation_id
    await eva.client.messages.react(said.message_id, THUMB)
    await alice.client.messages.edit(said.message_id, "hello")
    for person in (alice, eva):
        await told(person, pair, "reaction_added")
        await told(person, pair, "message_edited")
    await eva.client.messages.unreact(said.message_id, THUMB)
    await told(alice, pair, "reaction_removed")
    assert (await alice.client.message(said.message_id)).reactions == []
    with pytest.raises(ProblemError) as not_mine:
        await eva.client.messages.delete(said.message_id)
    assert not_mine.value.code == "not-the-author"


async def test_what_was_done_while_a_link_was_cut_is_the_same_everywhere_afterwards(
    make_person: MakePerson, whole: Federation
) -> None:
    """An edit and a deletion of the same message cross: whichever the owner takes first, nothing of it is left."""
    alice, eva = await make_person("us"), await make_person("eu")
    group = (await alice.client.groups.create("Cut off", eva.id)).group_id
    await eva.shows(group, 1)
    said = await post(eva, "secret", conversation=group)
    await alice.sees("secret")
    whole.run("local", "cut", "us-eu")
    try:
        queued = await eva.client.messages.edit(said.message_id, "edited while away")
        assert queued.seq is None
        assert queued.queued_for == "us"
        await alice.client.messages.delete(said.message_id)
    finally:
        whole.run("local", "heal", "us-eu")
    for person in (alice, eva):
        await told(person, group, "message_deleted")
        gone = await person.client.message(said.message_id)
        assert (gone.text, gone.deleted) == ("", True)
        texts = [message.text async for message in person.client.walk(conversation=group)]
        assert not {"secret", "edited while away"} & set(texts)


async def test_an_answer_a_mention_and_what_is_forwarded_arrive_as_such(make_person: MakePerson) -> None:
    """With the place of what is answered, with whom is named, and with who wrote it first."""
    alice, eva, aki = [await make_person(region) for region in ("us", "eu", "ap")]
    group = (await alice.client.groups.create("Travellers", eva.id, aki.id)).group_id
    for person in (alice, eva, aki):
        await person.shows(group, 1)
    question = await post(alice, "where to, Aki?", conversation=group, mentions=[Mention(aki.id, 10, 3)])
    await aki.sees("where to, Aki?")
    reply = await post(aki, "south", conversation=group, reply_to=question.message_id)
    await eva.sees("south")
    shown = await eva.client.message(reply.message_id)
    assert shown.reply_to is not None
    assert (shown.reply_to.message_id, shown.reply_to.seq) == (question.message_id, question.seq)
    assert (await eva.client.message(question.message_id)).mentions == [Mention(aki.id, 10, 3)]

    boris = await make_person("us")
    handle = await eva.client.forward(reply.message_id, to=boris.id)
    sent = await asyncio.wait_for(handle.outcome(), RECOVERY_SECONDS)
    await boris.sees("south")
    copy = await boris.client.message(sent.message_id)
    assert (copy.sender_id, copy.forwarded_from, copy.text) == (eva.id, aki.id, "south")
    with pytest.raises(ProblemError) as hidden:
        await boris.client.message(reply.message_id)
    assert hidden.value.code == "not-found"
    stolen = await boris.client.forward(reply.message_id, to=alice.id)
    with pytest.raises(ProblemError) as refused:
        await asyncio.wait_for(stolen.outcome(), RECOVERY_SECONDS)
    assert refused.value.code == "not-found"
