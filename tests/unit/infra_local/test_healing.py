"""In which order parts and links are healed."""

from infra.local.cli import healing
from infra.local.control import Act, Reshape
from infra.local.link import Shape

OPEN = Reshape({"us>eu": Shape(), "eu>us": Shape()})


def test_links_are_opened_before_anybody_waits_for_what_needs_them() -> None:
    """An ingester behind a cut link is unwell, so whoever waited for it first never came to the link."""
    asked = healing(["us/ingester", "links", "eu/ingester"], [("us", "eu")])

    assert asked == [Act("heal", ("links",)), OPEN, Act("heal", ("us/ingester", "eu/ingester"))]


def test_only_what_is_named_is_healed() -> None:
    """Links alone, or a part alone."""
    assert healing([], [("us", "eu")]) == [OPEN]
    assert healing(["us/kafka"], []) == [Act("heal", ("us/kafka",))]


def test_who_does_not_wait_still_waits_for_what_shapes_links() -> None:
    """It is asked to open them next."""
    asked = healing(["us/gateway", "links"], [("us", "eu")], seconds=0)

    assert asked == [Act("heal", ("links",)), OPEN, Act("heal", ("us/gateway",), wait=0)]
