"""What sort of decision each body wants; whoever adds one has to say."""

import pytest

from region.holding.kinds import KINDS, kind_of
from region.projector import channels, kinds
from replication import groups as g
from replication.accounts import AccountCreated, DeviceAdded, PasswordChanged
from replication.channels import ChannelChanged, ChannelCreated, ChannelMessageSent
from replication.holding.deciding import Kind
from replication.records import MessageSent

LET_IN = {g.GroupCreated, ChannelCreated, g.MemberAdded, g.MemberJoined}
KEEP_OUT = {g.MemberRemoved, g.MemberBanned, g.JoinDeclined, g.InviteEnded, g.RoleChanged}
OTHERS = {
    *(g.GroupMessageSent, g.GroupChanged, g.MemberLeft, g.MemberUnbanned, g.InviteMade, g.JoinAsked),
    *(ChannelMessageSent, ChannelChanged),
}


def test_everything_that_happens_in_groups_and_channels_is_of_one_kind() -> None:
    """What is new is neither forgotten nor let in by default."""
    assert {*kinds.KINDS, *channels.KINDS} == LET_IN | KEEP_OUT | OTHERS
    assert {KINDS[one] for one in LET_IN} == {Kind.PERMIT}
    assert {KINDS[one] for one in KEEP_OUT} == {Kind.RESTRICTION}
    assert not OTHERS & KINDS.keys()


def test_a_promotion_lets_somebody_in_and_a_demotion_keeps_out() -> None:
    """Only who knows the group can tell; who does not takes it for what must not be told to be done."""
    assert kind_of(g.RoleChanged("c", "u", "admin"), widens=True) is Kind.PERMIT
    assert kind_of(g.RoleChanged("c", "u", "admin"), widens=False) is Kind.RESTRICTION
    assert kind_of(g.RoleChanged("c", "u", "admin")) is Kind.PERMIT
    assert kind_of(g.RoleChanged("c", "u", "member")) is Kind.RESTRICTION


def test_to_open_a_channel_lets_everybody_look_into_it() -> None:
    """Who does not know the channel cannot tell whether it was open."""
    assert kind_of(ChannelChanged("c", public=True)) is Kind.PERMIT
    assert kind_of(ChannelChanged("c", public=True), widens=False) is Kind.MESSAGE
    assert kind_of(ChannelChanged("c", public=False)) is kind_of(ChannelChanged("c", name="n")) is Kind.MESSAGE


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (AccountCreated("a", "A", "h", "r"), Kind.PERMIT),
        (PasswordChanged("h", "p", ""), Kind.RESTRICTION),
        (DeviceAdded("d", "phone", "f"), Kind.MESSAGE),
        (MessageSent("u", "c", "text"), Kind.MESSAGE),
        (None, Kind.MESSAGE),
    ],
)
def test_accounts_are_new_and_passwords_guard(body: object, kind: Kind) -> None:
    """Whoever logs in is let in already."""
    assert kind_of(body) is kind
