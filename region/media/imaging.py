"""Make an image safe and small, in a process of its own that is bounded in time and memory: `python -m region.media.imaging`.

What comes in on standard input is what somebody brought; what goes out is `Made`, as MessagePack, or `Refused`. Nothing of the input's
metadata goes out but colours: what the camera said about the way up is turned into pixels, the rest is forgotten.
"""

import io
import resource
import sys
import warnings
from typing import Final

import blurhash
import msgspec
from PIL import Image, ImageOps, JpegImagePlugin, UnidentifiedImageError

MOST_PIXELS: Final = 50_000_000
"""More are refused, by what the header says, before anything is decoded."""
LONGEST_SIDE: Final = 20_000
MOST_PIXELS_MOVING: Final = 100_000_000
"""Of all frames together."""
MEMORY: Final = 1024 * 1024 * 1024
"""Of address space: a decoded image of the most pixels has 150 to 200 MB, and is there twice for a moment."""
CPU_SECONDS: Final = 20
SIDES: Final = {"small": 320, "large": 1280}
"""Thumbnails by name, and their longest side."""
FORMATS: Final = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}
_BLUR_SIDE: Final = 32
_KEPT: Final = ("1", "L", "P", "RGB", "RGBA", "LA")
"""Modes that are saved as they are; what printers and laboratories use becomes RGB."""


class Thumbnail(msgspec.Struct, frozen=True):
    """A smaller version, WebP."""

    name: str
    width: int
    height: int
    content: bytes


class Made(msgspec.Struct, frozen=True, tag="made"):
    """What an image became.

    Attributes:
        content_type: What it is.
        width: As it is shown, pixels.
        height: Likewise.
        blur: BlurHash of it.
        content: The image itself, upright, without metadata.
        thumbnails: Smaller versions, one of each of `SIDES`.
    """

    content_type: str
    width: int
    height: int
    blur: str
    content: bytes
    thumbnails: list[Thumbnail]


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """Why it is not taken: a code, as in `region.media.errors`."""

    code: str


Answer = Made | Refused


def make(content: bytes) -> Answer:
    """Make an image safe and small."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about metadata, which is thrown away
            return _make(content)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError):
        return Refused("not-an-image")  # Pillow's decoders raise all of these for damaged input
    except (Image.DecompressionBombError, MemoryError, OverflowError):
        return Refused("image-too-large")


def _make(content: bytes) -> Answer:
    Image.MAX_IMAGE_PIXELS = None  # judged here, by what the header says
    with Image.open(io.BytesIO(content), formats=list(FORMATS)) as image:
        kind, frames = str(image.format), int(getattr(image, "n_frames", 1))
        if image.width * image.height > MOST_PIXELS or max(image.size) > LONGEST_SIDE:
            return Refused("image-too-large")
        moving = frames > 1 and kind != "JPEG"  # further images of a JPEG are views or depth maps
        if moving and frames * image.width * image.height > MOST_PIXELS_MOVING:
            return Refused("image-too-large")
        cleaned = _moving(image, kind) if moving else _still(image, kind)
    with Image.open(io.BytesIO(cleaned), formats=[kind]) as image:
        width, height = image.size
        image.draft("RGB", (SIDES["large"], SIDES["large"]))  # a JPEG is decoded no larger than is needed
        plain = image.convert("RGBA" if image.has_transparency_data else "RGB")
    thumbnails = [_thumbnail(plain, name, side) for name, side in SIDES.items()]
    return Made(FORMATS[kind], width, height, _blur(plain), cleaned, thumbnails)


def _still(image: Image.Image, kind: str) -> bytes:
    """Return an image upright and without metadata; a JPEG as finely quantized as it was."""
    options: dict[str, object] = {}
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        sampling = JpegImagePlugin.get_sampling(image)
        options = {"qtables": image.quantization, "optimize": True, "progressive": "progressive" in image.info}
        options |= {"subsampling": sampling} if sampling >= 0 else {}
    colours = image.info.get("icc_profile")
    upright = ImageOps.exif_transpose(image)
    if upright.mode not in _KEPT:
        upright, colours = upright.convert("RGB"), None
        options.pop("qtables", None)
        options |= {"quality": 90} if kind == "JPEG" else {}
    transparency = upright.info.get("transparency")
    upright.info.clear()
    if transparency is not None:
        upright.info["transparency"] = transparency
    if colours:
        options["icc_profile"] = colours
    if kind == "WEBP":
        options |= {"quality": 90}
    out = io.BytesIO()
    upright.save(out, kind, **options)
    return out.getvalue()


def _moving(image: Image.Image, kind: str) -> bytes:
    """Return an image that moves, frame by frame, without metadata."""
    frames, pauses = [], []
    for number in range(int(getattr(image, "n_frames", 1))):
        image.seek(number)
        frames.append(image.convert("RGBA"))
        pauses.append(int(image.info.get("duration", 100)))  # WebP tells it once a frame was decoded
    out = io.BytesIO()
    first, *others = frames
    first.info.clear()
    first.save(
        out, kind, save_all=True, append_images=others, duration=pauses, loop=int(image.info.get("loop", 0)), disposal=2
    )
    return out.getvalue()


def _thumbnail(image: Image.Image, name: str, side: int) -> Thumbnail:
    smaller = image.copy()
    smaller.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    out = io.BytesIO()
    smaller.save(out, "WEBP", quality=78, method=3)
    return Thumbnail(name, smaller.width, smaller.height, out.getvalue())


def _blur(image: Image.Image) -> str:
    smaller = image.convert("RGB")
    smaller.thumbnail((_BLUR_SIDE, _BLUR_SIDE))
    rows = [
        [smaller.getpixel((x, y)) for x in range(smaller.width)]  # a list of lists is what the library takes
        for y in range(smaller.height)
    ]
    return str(blurhash.encode(rows, components_x=4, components_y=3))


def main() -> None:
    """Read an image, write the answer."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it writes to no file
    sys.stdout.buffer.write(msgspec.msgpack.encode(make(sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
