"""The ledger counts what must never happen, and takes latencies from when messages were due."""

from chaos.bench.ledger import Ledger, latency


def complete(ledger: Ledger, number: int, seq: int, at: float) -> None:
    """Everything that must happen to a message of a to b happens at once."""
    ledger.acked(number, at)
    for observer in ("a", "b"):
        ledger.entry(observer, "d", "a", seq=seq, number=number, at=at)
    ledger.marks("a", "d", seq, at)


def test_a_clean_run_has_no_faults() -> None:
    """Acked, numbered, shown, receipted: nothing is left."""
    ledger = Ledger()
    for number in range(3):
        ledger.due(number, float(number), measured=number > 0)
        complete(ledger, number, number + 7, number + 0.5)

    assert not ledger.faults().any
    assert ledger.unfinished == 0
    assert ledger.latencies()["screen"].count == 2
    assert ledger.latencies()["screen"].p50 == 500


def test_a_message_that_never_comes_is_lost() -> None:
    """What was due and not shown counts, acked or not."""
    ledger = Ledger()
    ledger.due(0, 0.0, measured=True)
    ledger.acked(0, 0.1)

    faults = ledger.faults()
    assert (faults.lost, faults.unacked, faults.unreceipted) == (1, 0, 1)
    assert ledger.unfinished == 1


def test_an_entry_that_comes_twice_is_doubled() -> None:
    """And it is not new, so it is not marked again."""
    ledger = Ledger()
    ledger.due(0, 0.0, measured=True)

    assert ledger.entry("b", "d", "a", seq=1, number=0, at=1.0)
    assert not ledger.entry("b", "d", "a", seq=1, number=0, at=1.1)
    assert ledger.faults().doubled == 1


def test_a_skipped_seq_is_disorder() -> None:
    """Seqs are dense; the first one seen may be any."""
    ledger = Ledger()
    ledger.entry("b", "d", "a", seq=5, number=None, at=1.0)
    ledger.entry("b", "d", "a", seq=7, number=None, at=1.0)

    assert ledger.faults().disordered == 1


def test_an_author_overtaken_by_oneself_is_disorder() -> None:
    """Seqs may be dense and the author's own order broken all the same."""
    ledger = Ledger()
    for number in range(2):
        ledger.due(number, 0.0, measured=True)
    ledger.entry("b", "d", "a", seq=1, number=1, at=1.0)
    ledger.entry("b", "d", "a", seq=2, number=0, at=1.0)

    assert ledger.faults().disordered == 1


def test_a_receipt_may_overtake_the_senders_own_entry() -> None:
    """Marks and entries of different regions have no order between them."""
    ledger = Ledger()
    ledger.due(0, 0.0, measured=True)
    ledger.marks("a", "d", 1, 0.2)

    ledger.entry("a", "d", "a", seq=1, number=0, at=0.3)

    assert ledger.faults().unreceipted == 0
    assert ledger.latencies()["receipt"].max == 300


def test_one_mark_receipts_everything_below_it() -> None:
    """Marks are coalesced on their way."""
    ledger = Ledger()
    for number in range(3):
        ledger.due(number, 0.0, measured=True)
        ledger.entry("a", "d", "a", seq=number + 1, number=number, at=0.1)

    ledger.marks("a", "d", 2, 0.2)

    assert ledger.faults().unreceipted == 1


def test_quantiles_are_of_what_was_measured() -> None:
    """In milliseconds; the 99th percentile of a hundred is the last."""
    summary = latency([number / 1000 for number in range(1, 101)])

    assert (summary.p50, summary.p99, summary.max, summary.count) == (51.0, 100.0, 100.0, 100)
    assert latency([]).count == 0
