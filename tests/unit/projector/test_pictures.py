"""What stands for a user, a group or a channel: part of the state of every region that has it, and noted so that its bytes are kept."""

import pytest
from msgspec.structs import replace

from region.projector.rehearsal import Rehearsal, submission
from replication import channels as c
from replication import groups as g
from replication.accounts import AccountConfirmed, AccountCreated, ProfileChanged
from replication.ids import new_blob_id
from replication.pictures import LARGEST, NO_PICTURE, Picture, decode_picture, encode_picture, picture_of
from tests.unit.projector.channel import CHANNEL, Channel
from tests.unit.projector.world import AKI, ALICE, BOB, EVA, GROUP, World


def picture(region: str) -> Picture:
    """Return an image that was brought in a region."""
    return Picture(new_blob_id(region), 1000, "image/webp", "0" * 64, 320, 200, "blur")


@pytest.fixture
def world() -> World:
    """Nothing has happened yet."""
    return World()


def shown(world: World, region: str, conversation: str = GROUP) -> Picture | None:
    """Return what stands for a conversation in a region, which has noted it for its blob store."""
    tables = world.regions[region].tables
    found = tables.conversations[conversation].details.picture
    assert tables.pictures.get(conversation, "") == (found.blob_id if found else "")
    return found


def test_a_group_has_one_picture_in_every_region(world: World) -> None:
    """From its beginning, where it is changed, and where it is taken away; what says nothing of it leaves it."""
    first, second = picture("us"), picture("eu")
    seats = (g.Seat(EVA, "eu"), g.Seat(AKI, "ap"))
    world.do(ALICE, g.GroupCreated("begin", "Travellers", members=seats, picture=first))
    assert {shown(world, name) for name in world.regions} == {first}

    world.do(ALICE, g.RoleChanged("promote", EVA, "admin"))
    world.do(EVA, g.GroupChanged("second", picture=second))
    world.do(ALICE, g.GroupChanged("renamed", name="Travelled"))
    assert {shown(world, name) for name in world.regions} == {second}
    world.do(ALICE, g.GroupChanged("away", picture=NO_PICTURE))
    assert {shown(world, name) for name in world.regions} == {None}
    assert all(region.tables.poison == [] for region in world.regions.values())


def test_a_region_that_gains_its_first_member_is_told_of_the_picture(world: World) -> None:
    """By the charter; and one that had another is told that it is another, or none any more, when somebody joins again."""
    first, second = picture("us"), picture("us")
    world.begin(BOB)
    world.do(ALICE, g.GroupChanged("first", picture=first))
    world.add(EVA)
    assert shown(world, "eu") == first

    world.do(ALICE, g.MemberRemoved("out", EVA))
    world.do(ALICE, g.GroupChanged("second", picture=second))
    assert shown(world, "eu") == first
    world.add(EVA, "again")
    assert shown(world, "eu") == second
    world.do(ALICE, g.MemberRemoved("out again", EVA))
    world.do(ALICE, g.GroupChanged("none", picture=NO_PICTURE))
    world.add(EVA, "once more")
    assert shown(world, "eu") is None


def test_who_may_not_change_a_group_changes_no_picture(world: World) -> None:
    """A member is refused, as with the name."""
    world.begin(BOB)
    refused = world.do(BOB, g.GroupChanged("mine", picture=picture("us")))
    assert (world.code(refused), shown(world, "us")) == ("not-allowed", None)


def test_a_channel_has_a_picture_wherever_somebody_subscribes() -> None:
    """From its beginning on; and what does not speak of it leaves it."""
    world, first, second = Channel(), picture("us"), picture("us")
    world.act(ALICE, c.ChannelChanged("first", picture=first))
    world.subscribe(EVA)
    assert {shown(world, name, CHANNEL) for name in ("us", "eu")} == {first}
    world.act(ALICE, c.ChannelChanged("slow", slow=5))
    world.act(ALICE, c.ChannelChanged("second", picture=second))
    assert {shown(world, name, CHANNEL) for name in ("us", "eu")} == {second}


@pytest.mark.parametrize(
    "forged",
    [
        picture("eu"),
        Picture("no blob", 1, "image/png"),
        replace(picture("us"), content_type="text/html"),
        replace(picture("us"), size=0),
        replace(picture("us"), size=LARGEST + 1),
    ],
)
def test_what_no_gateway_lets_through_is_put_aside(world: World, forged: Picture) -> None:
    """A blob of another region than the author's, what is none, and what a browser would take for a page."""
    world.begin(EVA)
    world.do(ALICE, g.GroupChanged("forged", picture=forged))
    assert shown(world, "us") is None
    assert len(world.regions["us"].tables.poison) == 1


def test_a_profile_has_a_picture_until_it_is_taken_away() -> None:
    """What does not name it leaves it."""
    us, mine = Rehearsal("us"), picture("us")
    user = "u800000000000000000000008-us"
    us.submit(submission(user, AccountCreated("Zoe", "Zoe", "secret", "secret")))
    us.submit(submission(user, AccountConfirmed("secret")))
    us.submit(submission(user, ProfileChanged(picture=mine)))
    us.submit(submission(user, ProfileChanged(status_text="At sea")))
    us.project()
    assert decode_picture(us.tables.users[user].picture) == mine
    assert us.tables.pictures == {user: mine.blob_id}

    us.submit(submission(user, ProfileChanged(picture=NO_PICTURE)))
    us.project()
    assert us.tables.users[user].picture == encode_picture(NO_PICTURE) == b""
    assert us.tables.pictures == {user: ""}


def test_what_an_image_was_called_is_not_told() -> None:
    """A picture shows what it is, and no name of a file."""
    mine = picture("us")
    named = replace(mine.attachment, name="me at the doctor.webp")
    assert picture_of(named) == mine
    assert mine.attachment.kind == "image"
