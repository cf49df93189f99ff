"""Everything at a glance: figures from two looks, and the screen that shows them."""

import io

import pytest
from rich.console import Console
from textual.widgets import DataTable, Static

from infra.errors import CausewayError
from infra.local.control import LinkStatus, PartStatus, RegionStatus, Status
from infra.observability.top.figures import Cell, Table, tables
from infra.observability.top.look import Look, read
from infra.observability.top.screen import Top, printed

FRONT = """# TYPE causeway_gateway_sends_total counter
causeway_gateway_sends_total{{result="accepted"}} {accepted}
causeway_gateway_sends_total{{result="failed"}} {failed}
causeway_gateway_sockets 12.0
causeway_gateway_deliveries_total {accepted}
process_cpu_seconds_total {cpu}
process_resident_memory_bytes 104857600.0
"""
BACK = """causeway_projector_reached_timestamp_seconds{{partition="0"}} {reached}
causeway_projector_reached_timestamp_seconds{{partition="1"}} {now}
causeway_fanout_caught_up_timestamp_seconds {now}
causeway_forwarder_drained_timestamp_seconds{{destination="eu"}} {now}
causeway_ingester_forwarded_timestamp_seconds{{origin="eu",partition="0"}} {now}
causeway_ingester_parked_streams{{origin="eu",partition="0"}} 0.0
"""


def part(state: str = "healthy", restarts: int = 0, reason: str = "") -> PartStatus:
    """A part that runs."""
    return PartStatus(state, 1 if state != "down" else None, 900.0, restarts, {"admin": 1}, "log", reason)


def at(moment: float, *, sent: int = 0, failed: int = 0, reached: float | None = None, cut: bool = False) -> Look:
    """How a federation of one region was."""
    parts = {"front": part(), "back": part("crashed", 3, "killed by signal 9") if cut else part()}
    status = Status(
        "degraded" if cut else "healthy",
        "/home",
        1,
        {"us": RegionStatus("http://us", parts)},
        {"directory": part()},
        {"us>eu": LinkStatus(40.0, 5.0, 1e7, cut), "eu>us": LinkStatus(0.0, 0.0, 0.0, cut=False)},
    )
    metrics = {"us/front": read(FRONT.format(accepted=sent, failed=failed, cpu=moment / 4))}
    if not cut:
        metrics["us/back"] = read(BACK.format(now=moment, reached=moment if reached is None else reached))
    return Look(moment, status, metrics)


def cells(table: Table, row: int) -> dict[str, Cell]:
    """A row by its columns."""
    return dict(zip(table.columns, table.rows[row], strict=True))


def test_rates_and_lags_come_from_two_looks() -> None:
    """Counters by the time between; the partition that is furthest behind counts."""
    regions, parts, links = tables(at(1010, sent=200, failed=10, reached=1003), at(1000))

    us = cells(regions, 0)
    assert (us["devices"], us["sends/s"], us["failed/s"], us["delivered/s"]) == (12.0, 21.0, 1.0, 20.0)
    assert (us["projector"], us["fan-out"], us["ingester"], us["pending"], us["parked"]) == (7.0, 0.0, 0.0, None, 0.0)
    front = next(cells(parts, row) for row in range(3) if parts.rows[row][0] == "us/front")
    assert (front["cpu %"], front["MiB"], front["up s"]) == (25.0, 100.0, 110.0)
    assert cells(links, 0) == {"link": "us → eu", "state": "open", "latency ms": 40.0, "jitter ms": 5.0, "Mbit/s": 10.0}


def test_a_first_look_has_no_rates_and_a_restart_none_below_zero() -> None:
    """Nobody knows the one; the other begins anew."""
    assert cells(tables(at(1000, sent=50), None)[0], 0)["sends/s"] is None
    assert cells(tables(at(1010, sent=5), at(1000, sent=50))[0], 0)["sends/s"] == 0.0


def test_parts_that_are_down_are_shown_with_the_reason() -> None:
    """Their figures are unknown; the region is as bad as its worst part."""
    regions, parts, links = tables(at(1010, cut=True), at(1000))

    assert cells(regions, 0)["state"] == "crashed"
    assert cells(regions, 0)["projector"] is None
    back = next(cells(parts, row) for row in range(3) if parts.rows[row][0] == "us/back")
    assert (back["state"], back["restarts"], back["cpu %"], back["why"]) == ("crashed", 3.0, None, "killed by signal 9")
    assert cells(links, 0)["state"] == "cut"


@pytest.mark.parametrize("downwards", [False, True])
def test_unknown_cells_are_last_in_either_order(*, downwards: bool) -> None:
    """They are neither small nor large."""
    table = Table("t", ("a",), ((2.0,), (None,), (1.0,)))

    assert table.sorted_by(0, downwards=downwards).rows[2] == (None,)


def test_one_frame_is_printed() -> None:
    """For pipes."""
    console = Console(file=io.StringIO(), width=160)
    console.print(printed(at(1010, sent=200, cut=True), at(1000)))
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()

    assert "degraded: 2 of 3 parts are well, 1 directions of links cut" in text
    assert all(word in text for word in ("us/back", "killed by signal 9", "us → eu", "20"))


async def test_the_screen_shows_sorts_and_quits() -> None:
    """By its keys; a look that fails is told, and the next one shows again."""
    looks: list[Look | CausewayError] = [at(1000), at(1010, sent=200)]

    async def look() -> Look:
        found = looks.pop(0) if len(looks) > 1 else looks[0]
        if isinstance(found, CausewayError):
            raise found
        return found

    screen = Top(look, interval=3600)
    async with screen.run_test(size=(160, 50)) as pilot:
        await screen.workers.wait_for_complete()
        parts = screen.query_one("#parts", DataTable)
        assert [str(parts.get_row_at(row)[0]) for row in range(3)] == ["directory", "us/back", "us/front"]
        await pilot.press("r")
        assert str(parts.get_row_at(0)[0]) == "us/front"
        await pilot.press("space")
        await screen.workers.wait_for_complete()
        assert str(screen.query_one("#regions", DataTable).get_row_at(0)[3]) == "20"
        await pilot.press("s")
        assert "state" in str(list(parts.columns.values())[1].label)
        assert "▼" in str(list(parts.columns.values())[1].label)
        looks[:] = [CausewayError()]
        await pilot.press("space")
        await screen.workers.wait_for_complete()
        assert "went wrong" in str(screen.query_one("#head", Static).render())
        await pilot.press("q")
    assert screen.return_code == 0
