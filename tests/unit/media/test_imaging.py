"""Images are made safe and small, or refused."""

import io
import struct
import zlib

import pytest
from PIL import Image

from region.media.imaging import FORMATS, SIDES, Made, Refused, make


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """Return an image's bytes."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def bomb(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes that says that it is large."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("way_up", range(1, 9))
def test_the_way_up_is_kept_and_everything_else_is_forgotten(way_up: int) -> None:
    """The camera's note becomes pixels: a picture whose left half is red shows the red where a viewer would have."""
    exif = Image.Exif()
    exif[0x0112] = way_up
    exif[0x010E] = "a secret place"
    image = Image.new("RGB", (64, 32), "blue")
    image.paste("red", (0, 0, 32, 32))
    red_at = {1: "left", 2: "right", 3: "right", 4: "left", 5: "top", 6: "top", 7: "bottom", 8: "bottom"}[way_up]

    made = make(encoded(image, "JPEG", exif=exif, quality=95))

    assert isinstance(made, Made)
    assert (made.width, made.height) == ((64, 32) if way_up < 5 else (32, 64))
    with Image.open(io.BytesIO(made.content)) as clean:
        assert not clean.getexif()
        middle = clean.width // 2, clean.height // 2
        places = {"left": (4, middle[1]), "right": (clean.width - 4, middle[1])}
        places |= {"top": (middle[0], 4), "bottom": (middle[0], clean.height - 4)}
        pixel = clean.convert("RGB").getpixel(places[red_at])
        assert isinstance(pixel, tuple)
        assert pixel[0] > 200 > pixel[2]
    assert b"secret" not in made.content


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("JPEG", "L"), ("JPEG", "CMYK"), ("PNG", "RGBA"), ("PNG", "P"), ("PNG", "1"), ("WEBP", "RGB"), ("GIF", "P")],
)
def test_every_kind_comes_out_as_it_came_in(kind: str, mode: str) -> None:
    """With two thumbnails that are never larger, and a placeholder."""
    made = make(encoded(Image.new("RGB", (90, 40), "green").convert(mode), kind))

    assert isinstance(made, Made)
    assert (made.content_type, made.width, made.height) == (FORMATS[kind], 90, 40)
    assert [(one.name, one.width, one.height) for one in made.thumbnails] == [(name, 90, 40) for name in SIDES]
    assert made.blur


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_what_moves_goes_on_moving(kind: str) -> None:
    """Each frame is kept."""
    frames = [Image.new("RGB", (60, 60), (30 * number, 0, 0)) for number in range(5)]
    made = make(encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=[50] * 5))

    assert isinstance(made, Made)
    with Image.open(io.BytesIO(made.content)) as image:
        assert image.n_frames == 5  # type: ignore[attr-defined]


@pytest.mark.parametrize("size", [(30_000, 30_000), (50_000, 1), (8_000, 8_000)])
def test_bombs_are_refused_by_what_they_say_of_themselves(size: tuple[int, int]) -> None:
    """Before anything is decoded."""
    assert make(bomb(*size)) == Refused("image-too-large")


def moving_bomb(frames: int, side: int) -> bytes:
    """Return a GIF of a few bytes that says that it has so many large frames."""
    frame = b"\x2c" + bytes(4) + struct.pack("<HH", 1, 1) + b"\0" + b"\x02\x02\x44\x01\0"
    colours = b"\0\0\0\xff\xff\xff"
    return b"GIF89a" + struct.pack("<HH", side, side) + b"\x80\0\0" + colours + frame * frames + b"\x3b"


def test_frames_count_together() -> None:
    """Two are as large as may be; a third one is too much, though each of them would do."""
    assert make(moving_bomb(3, 7_000)) == Refused("image-too-large")
    assert make(moving_bomb(200, 1_000)) == Refused("image-too-large")
    assert isinstance(make(moving_bomb(3, 70)), Made)


@pytest.mark.parametrize(
    "content", [b"", b"GIF89a", b"\xff\xd8\xff\xe0" + b"\0" * 99, b"<svg/>", b"%PDF-1.4", bomb(100, 100)]
)
def test_what_is_no_image_is_refused(content: bytes) -> None:
    """Whatever it looks like; one that is cut off, too."""
    assert make(content) == Refused("not-an-image")
