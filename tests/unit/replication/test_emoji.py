"""Reactions are emoji: one, whole, and to be seen."""

import pytest

from replication.emoji import is_emoji, spelled

THUMB, HEART = "\N{THUMBS UP SIGN}", "\N{HEAVY BLACK HEART}"
SHOWN, JOINED = "\N{VARIATION SELECTOR-16}", "\N{ZERO WIDTH JOINER}"


@pytest.mark.parametrize(
    "text",
    [
        THUMB,
        HEART,
        HEART + SHOWN,
        "\N{DOUBLE EXCLAMATION MARK}" + SHOWN,
        "\N{INFORMATION SOURCE}" + SHOWN,
        "1" + SHOWN + "\N{COMBINING ENCLOSING KEYCAP}",
        "\U0001f1ea\U0001f1fa",
        "\U0001f469" + JOINED + "\U0001f4bb",
        THUMB + "\U0001f3fd",
        "\N{PERSON WITH BALL}\U0001f3ff" + JOINED + "\N{MALE SIGN}" + SHOWN,
        HEART + SHOWN + JOINED + "\N{FIRE}",
        "\N{WAVING BLACK FLAG}\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "\U0001faef",
        "\U0001f468\U0001f3fb" + JOINED + HEART + SHOWN + JOINED + "\U0001f48b" + JOINED + "\U0001f468\U0001f3ff",
    ],
)
def test_these_are_emoji(text: str) -> None:
    """With whatever joins, colours and frames them; those that are newer than Python's tables, too."""
    assert is_emoji(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "a", "1", "#", "ok", "\0", "é", "!", "...", "\t", "\n"),
        "\ud83d",
        "\N{NO-BREAK SPACE}",
        "\N{IDEOGRAPHIC SPACE}",
        "\N{LINE SEPARATOR}",
        "\N{ZERO WIDTH SPACE}",
        "\N{SOFT HYPHEN}",
        "\N{RIGHT-TO-LEFT OVERRIDE}",
        "\N{WORD JOINER}",
        "\N{INVISIBLE SEPARATOR}",
        "\N{HANGUL FILLER}",
        "\N{BRAILLE PATTERN BLANK}",
        "\N{MUSICAL SYMBOL NULL NOTEHEAD}",
        "\N{OBJECT REPLACEMENT CHARACTER}",
        "\N{COMBINING ACUTE ACCENT}",
        "\N{ARABIC-INDIC DIGIT ONE}",
        "\N{MEDIUM LEFT PARENTHESIS ORNAMENT}",
        "\U000e0067",
        "\U000e1234",
        "\U0010ffff",
        SHOWN,
        JOINED,
        "\U0001f3fd",
        "\U0001f3fd" + SHOWN,
        THUMB + JOINED + "\U0001f3fd",
        "\N{COMBINING ENCLOSING KEYCAP}",
        "\U0001f1ea",
        THUMB + " ",
        THUMB + "x",
        THUMB + "\n",
        THUMB + JOINED,
        JOINED + THUMB,
        THUMB + "\N{RIGHT-TO-LEFT OVERRIDE}",
        THUMB + "\N{ZERO WIDTH SPACE}",
        THUMB + "\N{COMBINING ACUTE ACCENT}",
        THUMB + "\N{VARIATION SELECTOR-15}",
        THUMB * 2,
        JOINED.join([THUMB] * 20),
    ],
)
def test_these_are_none(text: str) -> None:
    """Words, spaces, what nobody sees, halves of characters, what reverses the text around it, and whole sentences of symbols."""
    assert not is_emoji(text)


def test_with_its_selector_and_without_an_emoji_is_the_same() -> None:
    """It is spelled as it is there; another tone is another emoji."""
    joined = HEART + SHOWN + JOINED + "\N{FIRE}"
    assert spelled(HEART, [THUMB, HEART + SHOWN]) == HEART + SHOWN
    assert spelled(HEART + SHOWN, [HEART]) == HEART
    assert spelled(joined.replace(SHOWN, ""), [joined]) == joined
    assert spelled(HEART, [HEART + SHOWN, HEART]) == HEART
    assert spelled(HEART, []) == HEART
    assert spelled(THUMB, [THUMB + "\U0001f3fd"]) == THUMB
