"""Errors say what happened, whether it certainly did not happen, and what to do."""

import inspect
import json
import string
from importlib import import_module
from pkgutil import walk_packages

import pytest

import infra
from infra.errors import CausewayError, NotTheHolderError, OutcomeUnknownError


def all_errors(root: type[CausewayError] = CausewayError) -> list[type[CausewayError]]:
    """Every error class that is loaded."""
    return [root, *(found for child in root.__subclasses__() for found in all_errors(child))]


def test_the_docstring_is_the_message() -> None:
    """Details fill the docstring's placeholders."""
    error = NotTheHolderError(region="us", holder="eu", epoch=7)

    assert str(error) == "This region does not hold us; eu does, since epoch 7. Try there."


def test_problem_details_carry_the_details_and_the_verdict() -> None:
    """RFC 9457's members are there, and so are the details that a client needs."""
    problem = OutcomeUnknownError(what="The message", message_id="m1").problem()

    assert problem["status"] == 503
    assert problem["definite"] is False
    assert problem["message_id"] == "m1"
    assert problem["code"] == "outcome-unknown"
    assert str(problem["type"]).endswith(":outcome-unknown")


def test_details_never_override_what_the_class_says() -> None:
    """A detail called `status` or `code` does not change the verdict."""
    problem = OutcomeUnknownError(what="It", status=200, definite=True).problem()

    assert (problem["status"], problem["definite"]) == (503, False)


@pytest.mark.parametrize("name", [module.name for module in walk_packages(infra.__path__, "infra.")])
def test_every_error_has_a_docstring_a_status_and_a_code_of_its_own(name: str) -> None:
    """The convention holds in every module."""
    import_module(name)
    for error in all_errors():
        doc = inspect.cleandoc(error.__doc__ or "")
        assert doc, error
        assert 400 <= error.status <= 599
        assert error.code == error.code.lower()
        assert all(
            field is None or field.isidentifier() for _, field, *_ in string.Formatter().parse(doc.split("\n\n")[0])
        )


def test_half_a_character_of_bad_input_makes_no_problem_unreadable() -> None:
    """JSON cannot say a lone surrogate, and a strict reader refuses the whole."""
    problem = OutcomeUnknownError(what="\ud800", message_id="m\udfff").problem()

    assert json.loads(json.dumps(problem))["message_id"] == "m?"
    assert "\ud800" not in str(problem["detail"])
