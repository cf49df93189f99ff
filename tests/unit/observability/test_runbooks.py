"""What operators are told to type at night can be typed."""

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
import typer.main

from infra import cli

PAGES = sorted((Path(__file__).parents[3] / "docs/operations").glob("*.md"))
COMMAND = re.compile(r"(?:\./|\.\./next/)causeway ([^`\n#|;]+)")
TYPED = re.compile(r"`([^`\n]+)`|^ {4,}(\S.*)$", re.MULTILINE)
BARE = re.compile(r"(?<![\w./-])causeway ([a-z]+)")


@pytest.fixture(scope="module")
def root() -> Any:
    """The command line, whole."""
    cli.add_components(cli.app, [])
    return typer.main.get_command(cli.app)


def parse(root: Any, line: str) -> None:
    """Parse a command as the command line does, without carrying it out.

    Raises:
        click.UsageError: There is no such command, or it is not used so.
    """
    command, words, context = root, shlex.split(line), click.Context(root)
    while hasattr(command, "commands"):
        name, words = words[0], words[1:]
        if name not in command.commands:
            message = f"there is no command {name}"
            raise click.UsageError(message)
        command = command.commands[name]
        context = click.Context(command, parent=context, info_name=name)
    try:
        command.make_context(context.info_name, words, parent=context.parent)
    except Exception as error:
        raise click.UsageError(f"{type(error).__name__}: {error}") from error


def commands(text: str) -> list[str]:
    """Return the command lines of a page, without what begins them."""
    return [line.strip() for line in COMMAND.findall(text)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_a_runbook_parses(root: Any, page: Path) -> None:
    """Its name, its options, and how many arguments it takes."""
    for line in commands(page.read_text()):
        parse(root, line)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_is_written_so_that_it_can_be_pasted(root: Any, page: Path) -> None:
    """As `./causeway`, or that of another checkout; only what a message of ours says stands as it is said."""
    typed = [inline or block for inline, block in TYPED.findall(page.read_text())]
    bare = [
        one for one in typed if not one.startswith("…") and any(word in root.commands for word in BARE.findall(one))
    ]

    assert bare == []


def test_commands_are_found_and_wrong_ones_refused(root: Any) -> None:
    """Planted: a command, an option and an argument that are not there; and one without its argument."""
    found = [line for page in PAGES for line in commands(page.read_text())]
    assert len(found) > 40
    assert commands(
        "See `./causeway local restart us/front` and\n    ../next/causeway schema status --region us   # look"
    ) == [
        "local restart us/front",
        "schema status --region us",
    ]
    for wrong in ("locale list", "local restrat us/front", "status --jsn", "top us eu ap", "region expel"):
        with pytest.raises(click.UsageError):
            parse(root, wrong)
