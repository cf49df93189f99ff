"""Puts pictures of the web app's views together, each view in a row: desktop and phone, light and dark.

CAUSEWAY_VIEWS=/tmp/views ./causeway test … makes the pictures; `python -m tests.acceptance.sheets /tmp/views docs/images` puts them together.
"""

import sys
from pathlib import Path
from typing import Final

from PIL import Image

FORMS: Final = ("desktop-light", "desktop-dark", "phone-light", "phone-dark")
HEIGHT: Final = 340
GAP: Final = 10
A_SHEET: Final = 6
QUALITY: Final = 60
GROUND: Final = (128, 136, 144)


def row(pictures: list[Path]) -> Image.Image:
    """Return the forms of one view, side by side."""
    drawn = [Image.open(path).convert("RGB") for path in pictures]
    small = [
        each.resize((round(each.width * HEIGHT / each.height), HEIGHT), Image.Resampling.LANCZOS) for each in drawn
    ]
    made = Image.new("RGB", (sum(each.width + GAP for each in small) - GAP, HEIGHT), GROUND)
    left = 0
    for each in small:
        made.paste(each, (left, 0))
        left += each.width + GAP
    return made


def sheet(rows: list[Image.Image]) -> Image.Image:
    """Return these, one below the other."""
    made = Image.new("RGB", (max(each.width for each in rows), (HEIGHT + GAP) * len(rows) - GAP), GROUND)
    for place, each in enumerate(rows):
        made.paste(each, (0, place * (HEIGHT + GAP)))
    return made


def main(source: Path, target: Path) -> None:
    """Write the sheets, `web-views-1.webp` and so on."""
    views = sorted(
        {path.name.removesuffix(f"-{FORMS[0]}.png") for path in source.glob(f"*-{FORMS[0]}.png")},
        key=lambda view: (source / f"{view}-{FORMS[0]}.png").stat().st_mtime,
    )
    rows = [row([source / f"{view}-{form}.png" for form in FORMS]) for view in views]
    for number, first in enumerate(range(0, len(rows), A_SHEET), start=1):
        sheet(rows[first : first + A_SHEET]).save(target / f"web-views-{number}.webp", quality=QUALITY, method=6)
    print("\n".join(views))  # noqa: T201 — in the order in which they stand


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
