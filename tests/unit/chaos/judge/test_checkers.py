"""What is concurrent and what is not, what was settled and what was not: short stories, and what each checker says of them."""

from itertools import count

from chaos.judge import events as e
from chaos.judge.judgement import Judgement, judge
from chaos.judge.ledger import numbered
from chaos.judge.sufficiency import Needs
from chaos.judge.verdict import Verdict

TALK = "d1-us"
ANN, BOB, EVE = "u1-us", "u2-eu", "u3-ap"
HOMES = {ANN: "us", BOB: "eu", EVE: "ap"}
T, F, U = Verdict.TRUE, Verdict.FALSE, Verdict.UNKNOWN


class Story:
    """A ledger told step by step; each step takes a second. Ann and Bob talk, Eve is there, and all are connected."""

    def __init__(self, *, fifo: bool = False, connected: bool = True) -> None:
        self.events: list[e.Event] = [e.Run(0.0, 1, fifo=fifo)]
        self._ops = count(1)
        for user in (ANN, BOB):
            self.events.append(e.Member(0.0, TALK, user, HOMES[user]))
        for user in HOMES if connected else ():
            self.connect(user)

    @property
    def now(self) -> float:
        """Return when the last thing happened."""
        return self.events[-1].at

    def note(self, event: e.Event) -> None:
        """Something happens."""
        self.events.append(event)

    def connect(self, user: str, connection: str = "", *, resumed: bool = False) -> None:
        """A device connects."""
        self.note(e.Opened(self.now + 1, connection or user, "v" + user, user, HOMES[user], resumed))

    def invoke(self, text: str, by: str = ANN) -> int:
        """A send begins."""
        op = next(self._ops)
        self.note(e.Invoke(self.now + 1, op, "send", "v" + by, by, HOMES[by], TALK, text))
        return op

    def send(self, text: str, by: str = ANN) -> int:
        """A send is accepted."""
        op = self.invoke(text, by)
        self.note(e.Ok(self.now + 1, op, TALK, "m" + text))
        return op

    def fail(self, text: str) -> None:
        """Ann sends, and is told that it certainly did not happen."""
        op = self.invoke(text)
        self.note(e.Fail(self.now + 1, op, "busy"))

    def time_out(self, text: str) -> None:
        """Ann sends, and is told nothing."""
        op = self.invoke(text)
        self.note(e.Info(self.now + 1, op, "timeout"))

    def entry(self, text: str | None, seq: int, epoch: int = 1, status: str = "") -> e.Sighting:
        """Return an entry; texts of Bob begin with a b."""
        return e.Sighting(epoch, seq, f"m{text}", BOB if (text or "").startswith("b") else ANN, text, status)

    def show(
        self, user: str, text: str | None, seq: int, *, epoch: int = 1, over: str = "", again: bool = False
    ) -> None:
        """A device is shown an entry."""
        self.note(e.Live(self.now + 1, over or user, TALK, self.entry(text, seq, epoch), again))

    def show_both(self, text: str, seq: int, epoch: int = 1) -> None:
        """Both are shown an entry."""
        for user in (ANN, BOB):
            self.show(user, text, seq, epoch=epoch)

    def read(self, user: str, *entries: e.Sighting, whole: bool = True) -> None:
        """A history is read."""
        op = next(self._ops)
        self.note(e.Invoke(self.now + 1, op, "history", "v" + user, user, HOMES[user], TALK))
        self.note(e.Page(self.now + 1, op, TALK, list(entries)))
        self.note(e.Ok(self.now + 1, op, whole=whole))

    def settle(self) -> None:
        """All has had its time."""
        self.note(e.Settled(self.now + 10))

    def judged(self, *, settled: bool = True) -> Judgement:
        """Judge it; settled at its end, if it did not settle before."""
        if settled and not any(isinstance(event, e.Settled) for event in self.events):
            self.settle()
        return judge(numbered([*self.events, e.Ended(self.now)]), Needs(faults=0))


def test_a_story_in_which_all_is_well() -> None:
    """What the others differ from."""
    story = Story()
    story.send("a1")
    story.show_both("a1", 1)
    story.note(e.Marked(story.now, "v" + ANN, TALK, BOB, 1, 1, 1))
    story.settle()
    for region in ("us", "eu"):
        story.note(e.Digest(story.now, region, TALK, 1, 1, "d"))

    assert story.judged().verdict is T


def test_what_is_not_shown_yet_is_no_loss_until_it_settled() -> None:
    """Acknowledged, numbered, on its way."""
    story = Story()
    story.send("a1")
    story.show(ANN, "a1", 1)
    assert story.judged(settled=False)["lost"].verdict is U

    ruling = story.judged()["lost"]
    assert ruling.verdict is F
    assert ruling.evidence[0].ids[0] == "ma1"


def test_what_is_shown_after_the_settling_came_too_late() -> None:
    """Time enough is time enough."""
    story = Story()
    story.send("a1")
    story.show(ANN, "a1", 1)
    story.settle()
    story.show(BOB, "a1", 1)

    assert story.judged()["lost"].verdict is F


def test_what_nobody_saw_is_lost_if_somebody_looked() -> None:
    """And unknown if nobody did."""
    story = Story()
    story.send("a1")
    story.settle()
    assert story.judged()["lost"].verdict is F

    nobody = Story(connected=False)
    nobody.send("a1")
    nobody.settle()
    assert nobody.judged()["lost"].verdict is U


def test_a_member_whom_nobody_watched_leaves_it_unknown() -> None:
    """Bob's device was away, and his history was not read; then it was."""
    story = Story()
    story.send("a1")
    story.show(ANN, "a1", 1)
    story.note(e.Closed(story.now, BOB))
    story.settle()
    assert story.judged()["lost"].verdict is U

    story.read(BOB, story.entry("a1", 1), whole=False)
    assert story.judged()["lost"].verdict is U
    story.read(BOB, story.entry("a1", 1))
    assert story.judged()["lost"].verdict is T


def test_a_device_that_came_later_is_owed_what_was_sent_before_only_if_it_resumed() -> None:
    """If it said nothing of where it was, it is told what happens from then on."""
    for resumed, verdict in ((False, T), (True, F)):
        story = Story()
        story.note(e.Closed(story.now, BOB))
        story.send("a1")
        story.show(ANN, "a1", 1)
        story.connect(BOB, "again", resumed=resumed)
        story.send("a2")
        story.show(ANN, "a2", 2)
        story.show(BOB, "a2", 2, over="again")
        assert story.judged()["lost"].verdict is verdict


def test_a_refusal_that_its_author_was_told_is_no_loss() -> None:
    """Accepted is never the end: an entry or a refusal is."""
    story = Story()
    op = story.send("a1")
    story.send("a2")
    story.show_both("a2", 1)
    story.note(e.Refused(story.now, op, "v" + ANN, "recipient-unknown"))
    story.settle()

    assert story.judged().named(F) == set()


def test_a_send_of_unknown_outcome_may_appear_or_not() -> None:
    """But if it does, it does for everybody."""
    for shown, verdict in (((), T), ((ANN, BOB), T), ((ANN,), F)):
        story = Story()
        story.send("a1")
        story.show_both("a1", 1)
        story.time_out("a2")
        for user in shown:
            story.show(user, "a2", 2)
        story.settle()

        assert story.judged()["lost"].verdict is verdict
        assert story.judged()["phantom"].verdict is T


def test_a_definite_failure_must_not_appear_but_a_repeat_of_it_may() -> None:
    """Definite means that it certainly did not happen; what was sent again is another matter."""
    story = Story()
    story.fail("a1")
    story.show_both("a1", 1)
    assert story.judged()["phantom"].verdict is F

    story = Story()
    story.fail("a1")
    story.send("a1")
    story.show_both("a1", 1)
    assert story.judged()["phantom"].verdict is T


def test_an_outcome_learned_late_counts() -> None:
    """Unknown, then known: accepted after all."""
    story = Story()
    op = story.invoke("a1")
    story.note(e.Info(story.now, op, "timeout"))
    story.note(e.Ok(story.now + 1, op, TALK, "ma1"))
    story.settle()

    assert story.judged()["lost"].verdict is F


def test_overlapping_sends_may_be_numbered_either_way() -> None:
    """Neither was accepted when the other began; unless their device promised to keep their order."""
    for fifo, verdict in ((False, T), (True, F)):
        story = Story(fifo=fifo)
        ops = [story.invoke("a1"), story.invoke("a2")]
        for op, text in zip(ops, ("ma1", "ma2"), strict=True):
            story.note(e.Ok(story.now, op, TALK, text))
        story.show_both("a2", 1)
        story.show_both("a1", 2)
        assert story.judged()["order"].verdict is verdict


def test_sends_one_after_the_other_keep_their_order() -> None:
    """The first was accepted when the second began; those of two authors have no order."""
    for second, verdict in (("a2", F), ("b2", T)):
        story = Story()
        story.send("a1")
        story.send(second, by=BOB if second == "b2" else ANN)
        story.show_both(second, 1)
        story.show_both("a1", 2)
        assert story.judged()["order"].verdict is verdict


def test_a_tail_is_numbered_again_later() -> None:
    """After a takeover: taken out at 1.2, back at 2.3; neither lost, nor double, nor out of order."""
    story = Story()
    story.send("a1")
    story.show_both("a1", 1)
    story.send("a2")
    story.show_both("a2", 2)
    story.send("a3")
    story.show_both("a3", 2, epoch=2)
    story.show_both("a2", 3, epoch=2)
    story.settle()

    assert story.judged().named(F) == set()


def test_a_tail_that_does_not_come_back_is_lost() -> None:
    """It was accepted, and its place is another's now."""
    story = Story()
    story.send("a1")
    story.show_both("a1", 1)
    story.send("a2")
    story.show_both("a2", 1, epoch=2)
    story.settle()

    judgement = story.judged()
    assert judgement.named(F) == {"lost"}
    assert judgement["lost"].evidence[0].ids[0] == "ma1"


def test_a_stream_may_skip_what_its_device_was_told_that_it_lacks() -> None:
    """It reads that, and the live entries go on above it."""
    for told, verdict in ((True, T), (False, F)):
        story = Story()
        for seq, text in enumerate(("a1", "a2", "a3"), 1):
            story.send(text)
            story.show(ANN, text, seq)
        story.show(BOB, "a1", 1)
        if told:
            story.note(e.Changed(story.now, BOB, TALK, 2))
        story.show(BOB, "a3", 3)
        assert story.judged()["stream"].verdict is verdict


def test_a_repair_fills_the_screen() -> None:
    """What a device read for its screen was shown; what was read to be judged was not."""
    for kind, verdict in (("repair", T), ("history", F)):
        story = Story()
        story.send("a1")
        story.show(ANN, "a1", 1)
        invoke = e.Invoke(story.now, 99, "repair" if kind == "repair" else "history", "v" + BOB, BOB, "eu", TALK)
        story.note(invoke)
        story.note(e.Page(story.now, 99, TALK, [story.entry("a1", 1)]))
        story.note(e.Ok(story.now, 99))
        story.settle()
        assert story.judged()["lost"].verdict is verdict


def test_a_new_connection_may_repeat_and_must_not_skip() -> None:
    """A token may be a little old; it is never too new."""
    for seq, verdict in ((1, T), (2, T), (3, F)):
        story = Story()
        for number in (1, 2, 3):
            story.send(f"a{number}")
            story.show(ANN, f"a{number}", number)
        story.show(BOB, "a1", 1)
        story.note(e.Closed(story.now, BOB))
        story.connect(BOB, "again", resumed=True)
        story.show(BOB, f"a{seq}", seq, over="again")
        assert story.judged()["stream"].verdict is verdict


def test_the_answer_to_ones_own_repeated_send_may_come_again() -> None:
    """Only to its sender."""
    for user, verdict in ((ANN, T), (BOB, F)):
        story = Story()
        story.send("a1")
        story.show_both("a1", 1)
        story.show(user, "a1", 1, again=True)
        assert story.judged()["stream"].verdict is verdict


def test_a_lower_mark_of_a_later_epoch_went_with_its_tail() -> None:
    """Within an epoch marks only rise."""
    for epoch, verdict in ((1, F), (2, T)):
        story = Story()
        story.note(e.Marked(story.now, "v" + ANN, TALK, BOB, 1, 5, 4))
        story.note(e.Marked(story.now, "v" + ANN, TALK, BOB, epoch, 5, 3))
        assert story.judged()["marks"].verdict is verdict


def test_two_readings_under_way_at_once_are_not_compared() -> None:
    """The page that came last may have been read first."""
    story = Story()
    story.send("a1")
    for op in (98, 99):
        story.note(e.Invoke(story.now, op, "history", "v" + ANN, ANN, "us", TALK))
    story.note(e.Page(story.now, 98, TALK, [story.entry("a1", 1, status="read")]))
    story.note(e.Page(story.now, 99, TALK, [story.entry("a1", 1, status="unread")]))
    assert story.judged()["marks"].verdict is T

    story.read(ANN, story.entry("a1", 1, status="unread"))
    assert story.judged()["marks"].verdict is F


def test_a_tombstone_tells_nothing_to_whom_it_is_not_for_and_hides_nothing_from_a_member() -> None:
    """For Bob, who left after the first entry, it is right; while he is a member, it is a loss."""
    for last, lost in ((1, T), (None, F)):
        story = Story()
        story.note(e.Member(story.now, TALK, BOB, "eu", 1, last))
        for number in (1, 2):
            story.send(f"a{number}")
            story.show(ANN, f"a{number}", number)
        story.show(BOB, "a1", 1)
        story.show(BOB, None, 2)
        story.settle()
        assert story.judged()["entitlement"].verdict is T
        assert story.judged()["lost"].verdict is lost


def test_a_page_with_a_gap_is_a_hole_even_if_it_is_filled_later() -> None:
    """A conversation that misses a seq shows nothing above it."""
    story = Story()
    for number in (1, 2, 3):
        story.send(f"a{number}")
        story.show_both(f"a{number}", number)
    story.read(BOB, story.entry("a1", 1), story.entry("a3", 3), whole=False)

    assert story.judged().named(F) == {"hole"}


def test_digests_before_the_settling_are_not_compared() -> None:
    """What a region holds may still change then."""
    story = Story()
    story.note(e.Digest(story.now, "us", TALK, 1, 5, "one"))
    story.note(e.Digest(story.now, "eu", TALK, 1, 5, "other"))
    story.settle()

    assert story.judged()["digests"].verdict is U


def test_a_standby_may_hold_what_its_region_does() -> None:
    """And nobody else who has no member."""
    for standbys, verdict in (({"eu": "ap"}, T), ({}, F)):
        story = Story()
        story.events[0] = e.Run(0.0, 1, standbys=standbys)
        story.note(e.Digest(story.now, "ap", TALK, 1, 5, "one"))
        assert story.judged()["entitlement"].verdict is verdict
