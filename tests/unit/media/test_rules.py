"""What may be brought, and how it is cut and called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.errors import InvalidFieldError, TooLargeError
from region.media import rules
from region.media.checking import sniff

SUM = "0" * 64


@given(size=st.integers(1, rules.LARGEST_FILE))
def test_parts_are_the_whole(size: int) -> None:
    """They add up, none is larger than a part, and all but the last are as large as one."""
    sizes = rules.part_sizes(size)

    assert sum(sizes) == size
    assert all(one == rules.PART for one in sizes[:-1])
    assert 1 <= sizes[-1] <= rules.PART
    assert (len(sizes) > 1) == rules.in_parts(size)


@pytest.mark.parametrize(
    ("kind", "content_type", "size", "expected"),
    [
        (None, "image/png", 1000, "image"),
        (None, "image/png", rules.LARGEST_IMAGE + 1, "file"),
        (None, "image/svg+xml", 1000, "file"),
        ("file", "image/png", 1000, "file"),
        ("image", "application/octet-stream", 1000, "image"),
    ],
)
def test_a_picture_is_an_image_unless_it_is_large(
    kind: str | None, content_type: str, size: int, expected: str
) -> None:
    """Or its owner says otherwise."""
    assert rules.kind_of(kind, content_type, size) == expected


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("name", {"name": ""}),
        ("name", {"name": "a/b"}),
        ("name", {"name": "a\r\nb"}),
        ("name", {"name": "x" * 256}),
        ("content_type", {"content_type": "image"}),
        ("content_type", {"content_type": "text/html; charset=x"}),
        ("checksum", {"checksum": "ab"}),
        ("checksum", {"checksum": SUM.replace("0", "A")}),
        ("size", {"size": 0}),
    ],
)
def test_what_cannot_be_brought_is_named(field: str, changed: dict[str, object]) -> None:
    """The error says which field, and what it is to be."""
    given_ = {"name": "a", "size": 1, "content_type": "a/b", "checksum": SUM, "kind": "file"} | changed
    with pytest.raises(InvalidFieldError, match=f"^{field} is not acceptable"):
        rules.check(**given_)  # type: ignore[arg-type]


def test_images_and_files_have_limits_of_their_own() -> None:
    """Five and five hundred mebibytes."""
    with pytest.raises(TooLargeError, match="The image has 5242881 bytes"):
        rules.check(name="a", size=rules.LARGEST_IMAGE + 1, content_type="a/b", checksum=SUM, kind="image")
    with pytest.raises(TooLargeError, match="The file has 524288001 bytes"):
        rules.check(name="a", size=rules.LARGEST_FILE + 1, content_type="a/b", checksum=SUM, kind="file")
    rules.check(name="a", size=rules.LARGEST_FILE, content_type="a/b", checksum=SUM, kind="file")


@given(name=st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=50))
def test_a_name_stays_within_its_header(name: str) -> None:
    """Whatever letters it has, it is ASCII there and has no line ends; quotes were refused before."""
    shown = rules.disposition("file", name.replace('"', "").replace("\\", "") or "a")

    assert shown.isascii()
    assert shown.startswith("attachment; filename=")
    assert shown.count('"') == 2


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"%PDF-1.7\n...", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "image/png"),
        ("Grüße an alle".encode(), "text/plain"),
        (b"\x01\x02\0\x03\xff\xfe" * 20, "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_a_file_is_known_by_how_it_begins(head: bytes, expected: str) -> None:
    """What nobody knows is bytes."""
    assert sniff(head) == expected
