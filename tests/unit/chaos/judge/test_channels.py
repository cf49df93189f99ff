"""Who subscribes to a channel, seq by seq, what breaks its rules, and what is owed to whom where not everything is shown."""

import pytest

from chaos.judge import events as e
from chaos.judge.channels import MOST_STAFF, Channel
from chaos.judge.events import Change
from chaos.judge.judgement import Judgement, judge
from chaos.judge.ledger import numbered
from chaos.judge.story import ANN, BOB, EVE, HOMES, Story
from chaos.judge.sufficiency import Needs
from chaos.judge.verdict import Verdict

NEWS = "c1-us"


def told(*changes: tuple[str, Change]) -> tuple[Channel, list[str]]:
    """Return a channel that Ann made, after these changes from seq 2 on, and what broke a rule."""
    channel = Channel()
    why = channel.take(1, ANN, Change("channel_created"))
    for seq, (author, change) in enumerate(changes, 2):
        why += channel.take(seq, author, change)
    return channel, why


def test_who_comes_back_sees_everything_but_not_all_of_it_live() -> None:
    """A channel's past is open to whoever subscribes; whoever has left sees nothing above that."""
    coming_and_going = (
        (BOB, Change("member_joined")),
        (BOB, Change("member_left")),
        (ANN, Change("invite_made")),
        (BOB, Change("member_joined")),
        (ANN, Change("member_removed", (BOB,))),
    )
    channel, why = told(*coming_and_going)

    assert why == []
    assert channel.members[BOB].stretches == {1: 6}
    assert channel.members[BOB].present == {2: 3, 5: 6}
    assert channel.roles == {ANN: "owner"}


@pytest.mark.parametrize(
    ("author", "change", "words"),
    [
        (BOB, Change("member_removed", (EVE,)), "as member"),
        (BOB, Change("invite_made"), "as member"),
        (ANN, Change("member_removed", (EVE,)), "no member"),
        (EVE, Change("member_left"), "no member"),
        (BOB, Change("member_joined"), "a member already"),
        (ANN, Change("member_left"), "no owner"),
        (ANN, Change("channel_created"), "first entry"),
    ],
)
def test_what_breaks_a_rule_is_told(author: str, change: Change, words: str) -> None:
    """Owners alone run a channel, and it has one."""
    _, why = told((BOB, Change("member_joined")), (author, change))

    assert any(words in one for one in why), why


def test_fifty_run_a_channel_at_most() -> None:
    """Owners and posters."""
    people = [f"u{10 + number}-us" for number in range(MOST_STAFF)]
    joins = [(one, Change("member_joined")) for one in people]
    roles = [(ANN, Change("role_changed", (one,), "admin")) for one in people]

    assert told(*joins, *roles[:-1])[1] == []
    assert any("51 owners" in one for one in told(*joins, *roles)[1])


def test_of_whom_it_is_not_known_whether_they_belong_nothing_is_judged() -> None:
    """So a join whose number nobody saw makes no second join wrong."""
    channel = Channel(unsure={BOB})
    channel.take(1, ANN, Change("channel_created"))

    assert channel.take(2, BOB, Change("member_left")) == []


class Broadcast(Story):
    """Ann has made a channel, to which Bob subscribes by entry 2; her posts follow."""

    def __init__(self) -> None:
        super().__init__()
        for user in (ANN, BOB, EVE):
            self.note(e.Lives(self.now, user, HOMES[user]))
        self.log: list[e.Sighting] = []
        self.shown = 0
        self.do(ANN, Change("channel_created"))
        self.do(BOB, Change("member_joined"))

    def do(self, author: str, change: Change, *, known: bool = True) -> None:
        """Do something; it is numbered, and known to whom it concerns, or nobody is told."""
        seq, where = len(self.log) + 1, None if change.kind == "channel_created" else NEWS
        op, message = 1_000 + seq, f"c{seq}"
        entry = e.Sighting(1, seq, message, author, message, change=change)
        self.log.append(entry)
        if seq == 1:
            self.shown = 1
        self.note(e.Invoke(self.now + 1, op, "change", "v" + author, author, HOMES[author], where, change=change))
        self.note(e.Ok(self.now + 1, op, NEWS, message) if known else e.Info(self.now + 1, op, "timeout"))
        for user in {author, *change.users} if known else ():
            self.note(e.Live(self.now + 1, user, NEWS, entry))

    def post(self, *to: str) -> e.Sighting:
        """Let Ann post, which is shown to these; return the entry."""
        seq = len(self.log) + 1
        text, op = f"post {seq}", 1_000 + seq
        entry = e.Sighting(1, seq, f"p{seq}", ANN, text, from_seq=self.shown + 1 if self.shown + 1 < seq else 0)
        self.shown = seq
        self.log.append(entry)
        self.note(e.Invoke(self.now + 1, op, "send", "v" + ANN, ANN, HOMES[ANN], NEWS, text))
        self.note(e.Ok(self.now + 1, op, NEWS, entry.message))
        for user in to:
            self.note(e.Live(self.now + 1, user, NEWS, entry))
        return entry

    def ends(self, *read_by_bob: e.Sighting) -> Judgement:
        """Let Bob read that."""
        self.settle()
        op = 9_000
        self.note(e.Invoke(self.now + 1, op, "history", "r", BOB, HOMES[BOB], NEWS))
        self.note(e.Page(self.now + 1, op, NEWS, list(read_by_bob)))
        self.note(e.Ok(self.now + 1, op, whole=True))
        return judge(numbered([*self.events, e.Ended(self.now)]), Needs(faults=0, posts=0))


def test_nobody_lacks_who_came_and_went() -> None:
    """A post stands for that, live and in a history, and the log has no hole by it."""
    story = Broadcast()
    story.do(EVE, Change("member_joined"))
    post = story.post(ANN, BOB, EVE)

    judgement = story.ends(story.log[0], post)

    assert judgement.named(Verdict.FALSE) == set(), judgement
    assert judgement["hole"].verdict is Verdict.TRUE


def test_a_number_that_nobody_made_is_a_hole() -> None:
    """Though a post stands for it."""
    story = Broadcast()
    story.log.append(story.log[-1])
    post = story.post(ANN, BOB)

    judgement = story.ends(story.log[0], post)

    assert judgement.named(Verdict.FALSE) == {"hole"}, judgement


def test_what_may_have_happened_leaves_a_doubt_and_no_hole() -> None:
    """Eve was not told whether she has left, and nobody else is; so nothing can be said of what she is shown."""
    story = Broadcast()
    story.do(EVE, Change("member_joined"))
    story.do(EVE, Change("member_left"), known=False)
    post = story.post(ANN, BOB, EVE)

    judgement = story.ends(story.log[0], post)

    assert judgement.named(Verdict.FALSE) == set(), judgement
    assert any("nobody can say" in doubt.what for doubt in judgement["entitlement"].doubts)


def test_a_post_that_another_stands_for_is_lost() -> None:
    """Its number is accounted for, and its text is not there."""
    story = Broadcast()
    story.post(ANN, BOB)
    later = story.post(ANN, BOB)

    judgement = story.ends(story.log[0], e.Sighting(1, 4, later.message, ANN, later.content, from_seq=2))

    assert judgement.named(Verdict.FALSE) == {"lost"}, judgement


def test_who_is_back_may_read_what_was_posted_meanwhile_but_was_not_to_be_sent_it() -> None:
    """The log lets Bob see all of it in the end; the order in which things came says whether he was sent it too soon."""
    for sent_too_soon in (False, True):
        story = Broadcast()
        story.do(BOB, Change("member_left"))
        first = story.post(ANN, *([BOB] if sent_too_soon else []))
        story.do(BOB, Change("member_joined"))
        last = story.post(ANN, BOB)

        judgement = story.ends(story.log[0], first, last)

        assert judgement.named(Verdict.FALSE) == ({"entitlement"} if sent_too_soon else set()), judgement
