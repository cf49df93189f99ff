"""What may happen in a channel, who is told, and what each region holds of it, however few of its members are in memory."""

import pytest
from msgspec.structs import replace

from region.projector.rehearsal import submission
from replication import alterations as a
from replication import channels as c
from replication import groups as g
from replication.charters import Charter
from replication.codec import decode_record
from replication.outputs import Output
from replication.records import Entry, LogBody, Mark, MessageRead, MessageReceived, Record, Refusal
from tests.unit.projector.channel import CHANNEL, Channel
from tests.unit.projector.world import AKI, ALICE, BOB, EDI, EVA


@pytest.fixture
def channel() -> Channel:
    """A public channel with nothing in it."""
    return Channel()


def test_a_channel_of_three_regions_has_one_log_and_one_state(channel: Channel) -> None:
    """Whoever subscribes, wherever: each region holds the same posts and counts the same subscribers."""
    channel.subscribe(BOB, EVA, EDI, AKI)
    channel.post(ALICE, "to all")

    assert channel.state("us") == channel.state("eu") == channel.state("ap")
    assert channel.state("us").subscribers == 5
    assert channel.state("us").regions == (c.Presence("ap", 1), c.Presence("eu", 2), c.Presence("us", 2))
    assert [channel.texts(region) for region in ("us", "eu", "ap")] == [["to all"]] * 3
    assert all(region.tables.poison == [] and region.tables.pendings == {} for region in channel.regions.values())


def test_a_post_is_put_out_once_a_region_in_the_channels_name(channel: Channel) -> None:
    """Not in its subscribers': so its cost does not grow with them; and one record goes to each region."""
    channel.subscribe(BOB, EVA, EDI)
    channel.post(ALICE, "once")

    assert channel.names("us") == channel.names("eu") == [(CHANNEL,)]
    crossed = [one.record for one in channel.regions["us"].relayed_to("eu")]
    assert sum(isinstance(record, Entry) and record.text == "once" for record in crossed) == 1
    assert not channel.regions["us"].relayed_to("ap")


def test_who_subscribes_is_told_to_oneself_alone(channel: Channel) -> None:
    """Others are told neither who comes nor who goes; but whom it concerns is."""
    channel.subscribe(BOB, EVA)
    channel.act(ALICE, g.MemberRemoved("out", EVA))

    assert [entry.body.__struct_config__.tag for entry in channel.told(BOB)] == ["member_joined"]
    assert [entry.body.__struct_config__.tag for entry in channel.told(EVA)] == ["member_joined", "member_removed"]


def test_posts_say_what_they_follow(channel: Channel) -> None:
    """So a reader knows that nothing to be seen is between, whoever came and went."""
    channel.post(ALICE, "one")
    channel.subscribe(BOB, EVA)
    channel.post(ALICE, "two")
    channel.act(ALICE, c.ChannelChanged("name", "Olds"))
    channel.post(ALICE, "three")

    log = channel.regions["us"].tables.visible(CHANNEL)
    shown = [(entry.seq, c.follows_of(entry.body)) for entry in log if isinstance(entry.body, c.CHANNEL_BODIES)]
    assert shown == [(1, 0), (2, 1), (5, 2), (6, 5), (7, 6)]


def test_a_region_that_gains_a_subscriber_is_told_of_its_own_and_of_who_runs_it(channel: Channel) -> None:
    """Not of thousands elsewhere; and of the past it lacks what anybody is shown, no more."""
    channel.subscribe(BOB, EDI)
    channel.act(ALICE, g.RoleChanged("promote", EDI, "admin"))
    channel.post(ALICE, "before")
    channel.subscribe(AKI)
    channel.post(EDI, "after")

    charters = [one.record for one in channel.regions["us"].relayed_to("ap") if isinstance(one.record, Charter)]
    assert [{one.user_id for one in charter.members} for charter in charters] == [{ALICE, EDI}]
    here = channel.regions["ap"].tables.conversations[CHANNEL]
    assert here.missing == ((1, 5),)
    assert channel.texts("ap") == ["after"]


def test_a_region_learns_of_a_poster_whom_it_never_heard_of(channel: Channel) -> None:
    """A subscriber elsewhere is in no charter, so a promotion is the first that is told."""
    channel.subscribe(EDI, AKI)
    channel.act(ALICE, g.RoleChanged("promote", EDI, "admin"))
    channel.post(EDI, "mine")
    channel.act(ALICE, g.RoleChanged("demote", EDI, "member"))

    assert channel.texts("ap") == ["mine"]
    assert channel.regions["ap"].tables.conversations[CHANNEL].members[EDI].role == "member"
    assert channel.state("ap") == channel.state("us")


def test_what_is_fetched_of_the_past_closes_the_gaps_that_nobody_is_shown(channel: Channel) -> None:
    """Once all posts are here, nothing is missing, though who came and went is not."""
    channel.subscribe(BOB, EVA)
    channel.post(ALICE, "before")
    channel.subscribe(AKI)
    log = channel.regions["us"].tables.visible(CHANNEL)
    for entry in (entry for entry in log if isinstance(entry.body, c.CHANNEL_BODIES)):
        channel.regions["ap"].submit(entry)
    channel.settle()

    assert channel.regions["ap"].tables.conversations[CHANNEL].missing == ()
    assert channel.texts("ap") == ["before"]


@pytest.mark.parametrize(
    ("author", "body", "code"),
    [
        (BOB, c.ChannelMessageSent("x", "x"), "not-allowed"),
        (EVA, c.ChannelMessageSent("x", "x"), "not-a-member"),
        (EDI, c.ChannelChanged("x", "mine"), "not-allowed"),
        (EDI, g.MemberRemoved("x", BOB), "not-allowed"),
        (EDI, g.InviteMade("x", "i", b"d", 10**16), "not-allowed"),
        (ALICE, g.MemberRemoved("x", EVA), "no-such-member"),
        (ALICE, g.MemberBanned("x", EVA), "no-such-member"),
        (EDI, g.MemberBanned("x", BOB), "not-allowed"),
        (EDI, g.MemberBanned("x", EVA), "not-allowed"),
        (ALICE, g.MemberLeft("x"), "last-owner"),
        (ALICE, g.RoleChanged("x", ALICE, "member"), "last-owner"),
        (BOB, g.MemberJoined("x"), "already-a-member"),
        (EVA, g.MemberJoined("x", "wrong"), "invite-not-good"),
    ],
)
def test_what_a_role_does_not_allow_is_refused(channel: Channel, author: str, body: LogBody, code: str) -> None:
    """Owners do all, posters post, subscribers read; Bob subscribes, Edi posts, Eva is nobody."""
    channel.subscribe(BOB, EDI)
    channel.act(ALICE, g.RoleChanged("promote", EDI, "admin"))
    assert channel.code(channel.act(author, body)) == code


def test_a_private_channel_is_joined_by_link(channel: Channel) -> None:
    """The link's secret lets somebody in; without it nobody comes, and who was banned comes no more."""
    channel.act(ALICE, c.ChannelChanged("close", public=False))
    channel.act(ALICE, g.InviteMade("link", "i", g.digest_of("secret"), 10**16, 2))
    assert channel.code(channel.act(EVA, g.MemberJoined("just so"))) == "invite-not-good"
    assert channel.code(channel.act(EVA, g.MemberJoined("by link", "secret"))) == ""
    channel.act(ALICE, g.MemberBanned("out", EVA))
    assert channel.code(channel.act(EVA, g.MemberJoined("again", "secret"))) == "banned"

    assert channel.state("us").subscribers == 1
    assert "secret" not in repr(channel.regions["us"].tables.entries)


def test_who_was_removed_is_told_nothing_more(channel: Channel) -> None:
    """And a region whose last subscriber went gets nothing more, nor counts."""
    channel.subscribe(AKI)
    channel.act(ALICE, g.MemberRemoved("out", AKI))
    channel.post(ALICE, "without Aki")

    assert channel.texts("ap") == []
    assert channel.state("us").regions == (c.Presence("us", 1),)


def test_a_channel_is_handed_over(channel: Channel) -> None:
    """The new owner owns it, and the old one may leave then."""
    channel.subscribe(EVA)
    channel.act(ALICE, g.RoleChanged("yours", EVA, "owner", hand_over=True))
    assert channel.code(channel.act(ALICE, g.MemberLeft("bye"))) == ""
    assert channel.code(channel.act(EVA, g.MemberLeft("no"))) == ""


def test_a_channel_that_everybody_left_is_joined_by_nobody(channel: Channel) -> None:
    """Though it is public: it would have no owner."""
    channel.act(ALICE, g.MemberLeft("bye"))
    for user in (ALICE, EVA):
        assert channel.code(channel.act(user, g.MemberJoined("back"))) == "nobody-left"
    assert channel.state("us").subscribers == 0


def test_a_full_channel_takes_nobody_more(channel: Channel) -> None:
    """The count says so, without any list."""
    conversation = channel.regions["us"].tables.conversations[CHANNEL]
    full = replace(channel.state("us"), subscribers=c.MOST_SUBSCRIBERS)
    conversation.details = replace(conversation.details, channel=full)
    assert channel.code(channel.act(EVA, g.MemberJoined("late"))) == "channel-full"


def test_slow_mode_holds_posters_back_and_owners_not() -> None:
    """By the times at which the poster's own home accepted the posts; no other clock is asked."""
    channel = Channel(slow=60)
    channel.subscribe(EVA)
    channel.act(ALICE, g.RoleChanged("promote", EVA, "admin"))
    posts = [("one", 0), ("too soon", 59_999_999), ("late enough", 60_000_000)]
    codes = [channel.code(channel.post(EVA, text, at=at)) for text, at in posts]

    assert codes == ["", "slow-mode", ""]
    assert [channel.code(channel.post(ALICE, text, at=5)) for text in ("a", "b")] == ["", ""]


def test_no_home_gets_around_slow_mode_by_a_clock_of_the_future() -> None:
    """Posts that come from there came at one time, for all that the owner knows."""
    channel = Channel(slow=60)
    channel.subscribe(EVA)
    channel.act(ALICE, g.RoleChanged("promote", EVA, "admin"))
    codes = [channel.code(channel.post(EVA, text, at=at)) for text, at in (("one", 10**17), ("two", 10**18))]

    assert codes == ["", "slow-mode"]


def test_marks_are_their_readers_alone(channel: Channel) -> None:
    """Who reads is told to the own devices; nothing goes to who posts, and receiving leaves no trace."""
    channel.subscribe(BOB, EVA)
    channel.post(ALICE, "read me")
    before = {name: len(channel.regions["eu"].relayed_to(name)) for name in ("us", "ap")}
    for body in (MessageReceived(1, 4), MessageRead(1, 4)):
        channel.regions["eu"].submit(submission(EVA, body, conversation_id=CHANNEL))
    channel.settle()

    marks = [(output.users, record) for output, record in _put_out(channel, "eu") if isinstance(record, Mark)]
    assert [(users, mark.read) for users, mark in marks] == [((EVA,), 4)]
    assert before == {name: len(channel.regions["eu"].relayed_to(name)) for name in ("us", "ap")}
    member = channel.regions["eu"].tables.conversations[CHANNEL].members[EVA]
    assert (member.read, member.read_count) == (4, 1)


def test_a_message_of_a_group_is_impossible_in_a_channel(channel: Channel) -> None:
    """And the other way round; a channel's id follows from its author and what the author called it."""
    channel.act(ALICE, g.GroupMessageSent("x", "x"))
    assert len(channel.regions["us"].tables.poison) == 1
    channel.do(ALICE, c.ChannelMessageSent("y", "y"))
    assert len(channel.regions["us"].tables.poison) == 2
    channel.do(BOB, c.ChannelCreated("z", "z"), conversation=CHANNEL)
    assert len(channel.regions["us"].tables.poison) == 3
    refused = [record for record in channel.regions["us"].told(ALICE) if isinstance(record, Refusal)]
    assert {refusal.code for refusal in refused} == {"impossible-record"}


def test_subscribers_are_mentioned_whether_or_not_they_are_in_memory(channel: Channel) -> None:
    """And strangers are not, as in groups: it does not depend on whom the projector happens to know of."""
    channel.subscribe(BOB, EVA)
    named = (a.Mention(BOB), a.Mention(EVA), a.Mention(AKI))
    channel.act(ALICE, c.ChannelMessageSent("to both", "to both", mentions=named))

    post = channel.regions["us"].tables.visible(CHANNEL)[-1].body
    assert isinstance(post, c.ChannelMessageSent)
    assert [one.user_id for one in post.mentions] == [BOB, EVA]


def _put_out(channel: Channel, region: str) -> list[tuple[Output, Record]]:
    return [(output, decode_record(output.record, output.version)) for _, output in channel.regions[region].outputs]
