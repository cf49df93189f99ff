"""Malformed requests and frames to every port, a small helping: nothing breaks, hangs or leaks, and real users are served afterwards."""

from chaos.federation import Federation
from chaos.fuzz.order import Order, Progress
from chaos.fuzz.run import run
from chaos.fuzz.things import Things

CALLED = Things("u", "d", "g", "c", "m", "b")


async def test_whatever_is_sent_nothing_breaks(whole: Federation) -> None:
    """A thousand of them; `causeway fuzz` sends ten thousand and more."""
    progress = Progress()

    await run(Order(requests=1_000, seed=1, rounds=2), whole.status(), progress)

    assert progress.tally.total >= 1_000
    assert list(progress.tally.findings.values()) == []
    assert {name.partition(" ")[2] for name in progress.tally.sent} >= {
        "public, OpenAPI",
        "public",
        "public /ws",
        "gateway",
        "gateway /trunk",
    }
    for prefix in ("/groups/", "/channels/", "/messages/", "/blobs/", "/uploads/"):
        assert any(path.startswith(prefix) for _, path in CALLED.calls())
    right = {status: count for (where, status), count in progress.tally.answers.items() if where.endswith(", by id")}
    assert right.keys() <= {"200", "201"}
    assert sum(right.values()) == len(CALLED.calls())
    assert all(
        vitals.tasks and vitals.descriptors
        for moment in progress.moments
        for part, vitals in moment.items()
        if part != "links"
    )
