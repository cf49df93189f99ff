"""What users, groups and channels can be called: what others can see, and nothing that passes for something else by what they cannot."""

import pytest

from infra.errors import InvalidFieldError
from region.accounts.letters import object_to_name
from region.accounts.rules import clean_name, clean_status

FLAG = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


@pytest.mark.parametrize(
    "name",
    [
        *(
            "Ada",
            "\u00c9va-\u0141ucja",
            "\u0410\u0434\u0430",
            "\u5c71\u7530 \u592a\u90ce",
            "\u0645\u0631\u06cc\u0645",
            "7",
            "!?",
            "\u2764\ufe0f",
        ),
        "\u0646\u06cc\u0645\u200c\u0641\u0627\u0635\u0644\u0647",
        "\U0001f469\u200d\U0001f4bb",
        f"Ada {FLAG}",
        "\U0001faef",
        "Zoe\u0308\u0323",
    ],
)
def test_names_of_all_languages_are_good(name: str) -> None:
    """Letters with and without accents, what joins them, and emoji, such as are newer than Python's tables, too."""
    assert object_to_name(name) == ""
    assert clean_name(name, field="display_name", otherwise="y") != "y"


@pytest.mark.parametrize(
    "name",
    [
        "\u202eevil",
        "\u2066x",
        "a\u200fb",
        "\u200b",
        "ad\u200ba",
        "\ufeff",
        "\u00ad",
        "\u0301",
        "\u200d",
        "\u3164",
        "\u2800",
        "\x07",
        "\ud800",
        "ada\U000e0067",
        FLAG[1:],
    ],
)
def test_what_nobody_sees_is_no_name(name: str) -> None:
    """By itself or within another, nor does a name turn the text around it; an accent alone would stand on its neighbour."""
    assert object_to_name(name)
    with pytest.raises(InvalidFieldError, match="display_name"):
        clean_name(name, field="display_name", otherwise="y")


def test_a_status_may_say_nothing_and_hides_nothing() -> None:
    """It is shown beside the name."""
    assert clean_status("  ", field="status_text") == ""
    with pytest.raises(InvalidFieldError):
        clean_status("at \u202esea", field="status_text")
