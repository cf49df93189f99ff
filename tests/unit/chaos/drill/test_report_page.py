"""The page of a drill needs nothing else, and shows nothing as markup that was said by others."""

from msgspec.structs import replace

from chaos.bench.measure import Machine
from chaos.drill import waiting
from chaos.drill.figures import count
from chaos.drill.moves import Decision, Move
from chaos.drill.outcome import Report
from chaos.drill.report import RULES, html
from chaos.judge import events as e
from chaos.judge.judgement import CHECKERS, EXPECTED, judge
from chaos.judge.ledger import numbered


def page(*events: e.Event) -> str:
    """Return the page of a ledger."""
    return html(reported(*events), "<svg/>", "<svg/>")


def reported(*events: e.Event) -> Report:
    """Return what is told of a ledger."""
    ledger = list(numbered([e.Run(0, 1), *events]))
    machine = Machine(cores=2, memory_gb=8.0, processor="any", kernel="any", python="any", load_before=0.5)
    return Report(
        name="parts", seed=1, rate=20, minutes=1, planned=1, began_at="2026-01-01T00:00:00+00:00",
        machine=machine, offline=0, share=0.1, judgement=judge(ledger), figures=count(ledger),
    )  # fmt: skip


def test_a_handing_over_is_told_in_its_parts() -> None:
    """As a recovery time is, with what was decided when; other drills have no such chapter."""
    plain = page()
    death = Move("f1", "us>eu", detect=7.25, back=55.5, late=31, withdrawn=12)
    assert all(
        f"<td>{cell}</td>" in html(replace(reported(), moves=(death,)), "<svg/>", "<svg/>")
        for cell in ("7.2 s", "55.5 s", "31", "12")
    )
    move = Move("f1", "us>eu", decide=2.0, execute=18.5, catch_up=4.0, silence=17.0, own_p99=13.0, accepted=3, lost=1)
    report = replace(reported(), moves=(move,), decisions=(Decision(12.0, "drain: <nothing> more"),))
    shown = html(report, "<svg/>", "<svg/>")

    assert "Duties handed over" not in plain
    assert all(
        f"<td>{cell}</td>" in shown for cell in ("us&gt;eu", "2.0 s", "18.5 s", "4.0 s", "17.0 s", "1 of 3", "-")
    )
    assert "drain: &lt;nothing&gt; more" in shown


def test_every_checker_is_explained() -> None:
    """A ruling without its question says nothing."""
    assert set(RULES) == {*CHECKERS, *EXPECTED}


def test_the_page_stands_alone() -> None:
    """No address but of the namespaces of its pictures: it can be sent to somebody as it is."""
    shown = page(e.FaultBegun(1, "f1", "kill", "us/kafka"), e.FaultEnded(2, "f1"))

    assert 'src="http' not in shown
    assert "<h1>unknown</h1>" in shown
    assert all(RULES[checker] in shown for checker in CHECKERS)


def test_what_others_said_is_no_markup() -> None:
    """Evidence quotes ids and reasons as they came."""
    shown = page(e.FaultBegun(1, "f1", "kill", "us/<script>"), e.FaultEnded(2, "f1"))

    assert "us/<script>" not in shown
    assert "us/&lt;script&gt;" in shown


def test_groups_are_shown_in_figures_where_there_are_any() -> None:
    """Posts, and changes by kind."""
    change = e.Change("member_removed", ("b",))
    shown = page(
        e.Opened(1, "ca", "da", "a", "us"),
        e.Live(2, "ca", "g1-us", e.Sighting(1, 2, "m2", "a", "removed", change=change)),
    )

    assert "1 groups" in shown
    assert "<td>member_removed</td>" in shown
    assert "<h2>Groups</h2>" not in page()
    assert "<h2>Channels</h2>" not in shown


def test_how_long_requests_took_is_told_by_what_was_killed() -> None:
    """With the share against the objective, and curves for both screens; other drills have no such chapter."""
    expects = e.Expectation(prompt=10.0, usual=1.5)
    sends = [
        event
        for op, took in enumerate([0.2, 0.2, 0.2, 2.0], 1)
        for event in (
            e.Invoke(10.0 * op, op, "send", "va", "a", "us", "d-us", f"t{op}"),
            e.Ok(10.0 * op + took, op, "d-us", f"m{op}"),
            e.Live(10.0 * op + took, "va", "d-us", e.Sighting(1, op, f"m{op}", "a", f"t{op}")),
        )
    ]
    report = reported(
        e.Opened(0, "va", "va", "a", "us"), e.FaultBegun(1, "f1", "kill", "us/<kafka>-2", expects), e.FaultEnded(4, "f1"), *sends
    )  # fmt: skip
    curves = [waiting.draw(report.judgement.waits, dark=dark) for dark in (False, True)]
    shown = html(report, "<svg/>", "<svg/>", (), (curves[0], curves[1]))

    assert "How long requests took" not in page()
    assert "75.0000% were served within 1.5 s, which misses 99.99%" in shown
    assert "<td>us/" not in waiting.chapter(report.judgement.waits)
    assert "<kafka>" not in shown
    assert "<td>9.75 s: 3.8%</td>" in shown
    assert all("<svg" in curve and "4" in curve for curve in curves)
    assert curves[0] != curves[1]
