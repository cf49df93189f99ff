"""Whatever a docket counts has a metric."""

import ast
from pathlib import Path

import pytest

from region.projector import metrics

WITH_CODE = {"refused", "pending", "poison", "dropped"}
FOLDER = Path(metrics.__file__).parent


def counted() -> set[str]:
    """Return what is counted anywhere in the package."""
    calls = [
        node
        for path in FOLDER.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "count"
    ]
    first = [call.args[0] for call in calls if call.args]
    return {str(one.value) for one in first if isinstance(one, ast.Constant)}


@pytest.mark.parametrize("what", sorted(counted()))
def test_what_is_counted_has_a_metric(what: str) -> None:
    """Else the projector ends after a batch that it has committed."""
    metrics.count(what, "a-code" if what in WITH_CODE else "", 1)
