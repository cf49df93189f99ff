"""What the judge says of edits and deletions that their owner should have refused, and of readers to whom they are hidden."""

from msgspec.structs import replace

from chaos.judge import events as e
from chaos.judge.judgement import Judgement, judge
from chaos.judge.ledger import numbered
from chaos.judge.story import ANN, BOB, HOMES, TALK, Story
from chaos.judge.sufficiency import Needs
from chaos.judge.verdict import Verdict


class Altering(Story):
    """Ann has sent x, which is in the log as 1; what is done to it follows."""

    def __init__(self) -> None:
        super().__init__()
        self.send("x")
        self.log = [self.entry("x", 1)]
        self.show_both("x", 1)

    def do(self, kind: str, by: str = ANN, text: str = "") -> None:
        """Alter x; it is numbered and shown to both."""
        seq = len(self.log) + 1
        change = e.Change(kind, target="mx", text=text)
        wanted = replace(change, of="x")
        self.note(e.Invoke(self.now + 1, 100 + seq, "change", "v" + by, by, HOMES[by], TALK, change=wanted))
        self.note(e.Ok(self.now + 1, 100 + seq, TALK, f"a{seq}"))
        self.log.append(e.Sighting(1, seq, f"a{seq}", by, f"a{seq}", change=change))
        for user in (ANN, BOB):
            self.note(e.Live(self.now + 1, user, TALK, self.log[-1]))

    def ends_with(self, text: str, aftermath: e.Aftermath, *, altered: int = 0) -> Judgement:
        """Let both read, who are shown x so."""
        self.settle()
        shown = replace(self.log[0], content=text, aftermath=aftermath)
        for user in (ANN, BOB):
            self.read(user, shown, *self.log[1:])
        return judge(numbered([*self.events, e.Ended(self.now)]), Needs(faults=0, altered=altered))


def test_the_last_edit_says_the_text() -> None:
    """In the order of the log."""
    story = Altering()
    story.do(e.EDITED, text="y")
    story.do(e.EDITED, text="z")

    judgement = story.ends_with("z", e.Aftermath(3))

    assert judgement["alterations"].verdict is Verdict.TRUE, judgement
    assert judgement.named(Verdict.FALSE) == set()


def test_nothing_follows_a_deletion() -> None:
    """An edit that the owner numbers after it, though nobody is shown its text, is one too many; one that shows it, two."""
    story = Altering()
    story.do(e.DELETED)
    story.do(e.EDITED, text="y")

    assert story.ends_with("", e.Aftermath(emptied=True))["alterations"].found == 1


def test_what_an_edit_revives_is_found() -> None:
    """In each history."""
    story = Altering()
    story.do(e.DELETED)
    story.do(e.EDITED, text="y")

    assert story.ends_with("y", e.Aftermath(3))["alterations"].found == 3


def test_nobody_deletes_what_another_sent() -> None:
    """In a 1:1 conversation."""
    story = Altering()
    story.do(e.DELETED, by=BOB)

    assert story.ends_with("", e.Aftermath(emptied=True))["alterations"].verdict is Verdict.FALSE


def test_nothing_is_gone_before_somebody_deletes_it() -> None:
    """Whoever is shown it so."""
    story = Altering()
    story.note(e.Live(story.now, BOB, TALK, replace(story.log[0], content="", aftermath=e.Aftermath(emptied=True))))
    story.do(e.DELETED)

    assert story.ends_with("", e.Aftermath(emptied=True))["phantom"].verdict is Verdict.FALSE


def test_too_few_alterations_are_a_doubt() -> None:
    """Where there are any; of edits and of deletions apart."""
    story = Altering()
    story.do(e.EDITED, text="y")

    judgement = story.ends_with("y", e.Aftermath(2), altered=1)

    assert judgement["alterations"].verdict is Verdict.UNKNOWN
    assert len(judgement["alterations"].doubts) == 1
