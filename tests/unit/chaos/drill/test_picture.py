"""The picture of a drill has every fault, in its place, over what was sent and over how long that took."""

from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from chaos.drill.figures import count
from chaos.drill.picture import COLOURS, MANY, draw
from chaos.drill.schedule import Kind
from chaos.judge import events as e
from chaos.judge.ledger import numbered

SVG = "{http://www.w3.org/2000/svg}"
KINDS = ["kill", "split", "freeze"]


def ledger(faults: int, *, last_ends: bool = True) -> list[e.Event]:
    """Return a message a second, all shown after half a second, and faults of one second every second."""
    events: list[e.Event] = [
        e.Run(0, 1), e.Opened(0, "ca", "da", "a", "us"), e.Opened(0, "cb", "db", "b", "eu"),
    ]  # fmt: skip
    for number in range(1, 2 * faults + 2):
        at = float(number)
        events.append(e.Invoke(at, number, "send", "da", "a", "us", "c", f"text {number}"))
        if number % 2 and number < 2 * faults:
            events.append(e.FaultBegun(at, f"f{number // 2 + 1}", KINDS[number % 3], "us/kafka"))
        elif not number % 2 and (number < 2 * faults or last_ends):
            events.append(e.FaultEnded(at, f"f{number // 2}"))
        events.append(e.Live(at + 0.5, "cb", "c", e.Sighting(1, number, f"m{number}", "a", f"text {number}")))
    return events


def spans(svg: str, panel: int) -> list[tuple[float, float]]:
    """Return from where to where the marks of faults reach in a panel, in the picture's own units."""
    [axes] = [one for one in ET.fromstring(svg).iter(f"{SVG}g") if one.get("id") == f"axes_{panel}"]
    found = []
    for path in axes.iter(f"{SVG}path"):
        if (
            "opacity: 0.25" in path.get("style", "")
            and path.get("clip-path")
            and path.get("d", "").rstrip().endswith("z")
        ):
            numbers = [float(word) for word in path.get("d", "").split() if word not in "MLz"]
            found.append((min(numbers[::2]), max(numbers[::2])))
    return sorted(found)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("faults", [0, 1, 3, MANY])
def test_every_fault_has_one_mark_in_both_panels(faults: int, *, dark: bool) -> None:
    """In a light picture and in a dark one, as wide as it lasted, at the same place in both."""
    svg = draw(count(numbered(ledger(faults))), dark=dark)

    above, below = spans(svg, 1), spans(svg, 2)
    assert len(above) == len(below) == faults
    assert above == below
    assert all(end < begin for (_, end), (begin, _) in pairwise(above))


def test_a_fault_that_never_ended_reaches_to_the_end() -> None:
    """It is marked nevertheless."""
    ended = spans(draw(count(numbered(ledger(2))), dark=False), 2)
    open_end = spans(draw(count(numbered(ledger(2, last_ends=False))), dark=False), 2)

    assert len(open_end) == 2
    assert open_end[1][1] - open_end[1][0] > ended[1][1] - ended[1][0]


def test_every_kind_of_fault_has_a_colour_of_its_own() -> None:
    """One that had none broke the report of a drill that was over."""
    assert set(COLOURS) == set(Kind)
    assert len(set(COLOURS.values())) == len(COLOURS)
