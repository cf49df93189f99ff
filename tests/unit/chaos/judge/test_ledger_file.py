"""A ledger's file holds what was noted, line by line, and is never written twice."""

from itertools import count
from pathlib import Path

import pytest

from chaos.judge.events import Ended, Fail, Info, Invoke, Run
from chaos.judge.judgement import judge
from chaos.judge.ledger import Ledger, LedgerError, digest, numbered, read, write
from chaos.judge.rehearsal import Plan, rehearse
from chaos.judge.sufficiency import Needs
from chaos.judge.verdict import Verdict


def test_what_was_noted_is_read_again(tmp_path: Path) -> None:
    """In order, between a first and a last line, timed from the beginning."""
    ticks = count(100.0)
    path = tmp_path / "ledger.jsonl"
    with Ledger(path, seed=7, about="a test", fifo=True, clock=lambda: next(ticks)) as ledger:
        op = ledger.op()
        ledger.note(Invoke(ledger.now(), op, "send", "v1", "u1", "us", content=digest("hello")))
        ledger.note(Info(ledger.now(), op, "timeout"))

    assert list(read(path)) == [
        (1, Run(0.0, 7, "a test", fifo=True)),
        (2, Invoke(1.0, 1, "send", "v1", "u1", "us", content=digest("hello"))),
        (3, Info(2.0, 1, "timeout")),
        (4, Ended(3.0)),
    ]


def test_the_buffer_is_bounded(tmp_path: Path) -> None:
    """What was noted goes to the file before the ledger ends."""
    path = tmp_path / "ledger.jsonl"
    with Ledger(path, seed=1) as ledger:
        for op in range(10_000):
            ledger.note(Fail(0.0, op, "busy"))
        assert path.stat().st_size > 200_000


def test_a_ledger_is_never_written_twice(tmp_path: Path) -> None:
    """What happened has happened."""
    path = tmp_path / "ledger.jsonl"
    with Ledger(path, seed=1):
        pass

    with pytest.raises(FileExistsError):
        Ledger(path, seed=1)


def test_a_torn_ledger_proves_nothing(tmp_path: Path) -> None:
    """Its writer died: what is there can be read, and true it cannot be."""
    path, torn = tmp_path / "ledger.jsonl", tmp_path / "torn.jsonl"
    write(path, rehearse(Plan()))
    whole = path.read_bytes()
    torn.write_bytes(whole[:-5])

    assert len(list(read(torn))) == len(list(read(path))) - 1
    assert judge(read(path)).verdict is Verdict.TRUE
    assert judge(read(torn)).verdict is Verdict.UNKNOWN


def test_a_ledger_whose_writer_failed_is_not_whole(tmp_path: Path) -> None:
    """The last line says that nothing went wrong with the writing."""
    path = tmp_path / "ledger.jsonl"
    with pytest.raises(ZeroDivisionError), Ledger(path, seed=1):
        raise ZeroDivisionError

    assert [type(event) for _, event in read(path)] == [Run]


@pytest.mark.parametrize(
    "line", [b"{}\n", b'{"type":"fail","at":1}\n', b"\xff\n", b'{"type":"run","at":0,"seed":1,"version":99}\n']
)
def test_what_is_no_ledger_is_refused(tmp_path: Path, line: bytes) -> None:
    """With the line at which it is none."""
    path = tmp_path / "ledger.jsonl"
    write(path, [Run(0.0, 1)])
    with path.open("ab") as file:
        file.write(line + b"{}\n")

    with pytest.raises(LedgerError, match="line 2"):
        list(read(path))


def test_a_seed_repeats_a_run(tmp_path: Path) -> None:
    """The same randomness, the same rehearsal."""
    with Ledger(tmp_path / "one", seed=5) as one, Ledger(tmp_path / "two", seed=5) as two:
        assert one.random.random() == two.random.random()
    assert list(rehearse(Plan(seed=3))) == list(rehearse(Plan(seed=3)))
    assert list(rehearse(Plan(seed=3))) != list(rehearse(Plan(seed=4)))


def test_an_empty_ledger_is_unknown() -> None:
    """Nobody looked."""
    assert judge(numbered([]), Needs(faults=0)).verdict is Verdict.UNKNOWN
