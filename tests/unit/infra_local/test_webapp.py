"""The web app is built when something of it has changed, and then only; what is missing is said."""

import json
from pathlib import Path

import pytest

from infra.local import webapp


class Builder:
    """Stands for Node, npm and the gateway that describes itself; notes what was run.

    Attributes:
        root: Of the checkout.
        ran: What was run.
        api: What the gateway says of itself.
        failing: Message of `npm ci`, by attempt; it works when they are used up.
    """

    def __init__(self, root: Path, place: Path) -> None:
        self.root = root
        self.place = place
        self.ran: list[str] = []
        self.api = "{}"
        self.failing: list[str] = []

    def run(self, what: str, command: list[str], **_: object) -> None:
        """Do what the real ones do, as far as files tell."""
        self.ran.append(what)
        if what == "npm ci":
            if self.failing:
                raise webapp.WebAppError(reason=self.failing.pop(0))
            (self.place / "node_modules").mkdir(exist_ok=True)
        if what == "the API's description":
            (self.place / "described").mkdir(exist_ok=True)
            (self.place / "described" / "openapi.json").write_text(self.api)
        if what == "vite":
            (self.place / "dist").mkdir(exist_ok=True)

    def take(self) -> list[str]:
        """Return what was run since the last time."""
        ran, self.ran = self.ran, []
        return ran


@pytest.fixture
def builder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Builder:
    """A checkout with a small app, and its builder."""
    sources, place = tmp_path / "region" / "web", tmp_path / ".causeway" / "web"
    for name, content in {"package.json": "{}", "package-lock.json": "{}", "src/main.tsx": "1"}.items():
        (sources / name).parent.mkdir(parents=True, exist_ok=True)
        (sources / name).write_text(content)
    (tmp_path / "region" / "gateway").mkdir()
    (tmp_path / "region" / "gateway" / "schemas.py").write_text("1")
    builder = Builder(tmp_path, place)
    monkeypatch.setattr(webapp, "ROOT", tmp_path)
    monkeypatch.setattr(webapp, "SOURCES", sources)
    monkeypatch.setattr(webapp, "PLACE", place)
    monkeypatch.setattr(webapp, "BUILT", place / "dist")
    monkeypatch.setattr(webapp, "STAMP", place / "built.json")
    monkeypatch.setattr(webapp, "_run", builder.run)
    monkeypatch.setattr(webapp, "_node", lambda: Path("/wheel/bin/node"))
    monkeypatch.setattr("time.sleep", lambda _: None)
    return builder


def build() -> None:
    """Build, in silence."""
    webapp.ensure(lambda _: None)


def test_what_is_built_is_not_built_again(builder: Builder) -> None:
    """The second time nothing is run at all, so `up` loses no time."""
    build()
    assert builder.take() == ["npm ci", "the API's description", "the API's types", "vite", "the app's finish"]

    build()
    assert builder.take() == []


def test_a_changed_source_is_built_without_installing(builder: Builder) -> None:
    """And what is no source any more is gone from where it is built."""
    build()
    builder.take()
    (webapp.SOURCES / "src" / "main.tsx").unlink()
    (webapp.SOURCES / "src" / "other.tsx").write_text("2")

    build()

    assert builder.take() == ["the API's types", "vite", "the app's finish"]
    assert sorted(path.name for path in (webapp.PLACE / "src").iterdir()) == ["other.tsx"]


def test_another_gateway_is_asked_what_it_says_of_itself(builder: Builder) -> None:
    """Only if that is something else, the app is built anew."""
    build()
    builder.take()
    gateway = builder.root / "region" / "gateway" / "schemas.py"

    gateway.write_text("the same, otherwise written")
    build()
    assert builder.take() == ["the API's description", "the API's types"]

    gateway.write_text("another")
    builder.api = '{"more": 1}'
    build()
    assert "vite" in builder.take()


def test_a_registry_that_is_away_for_a_moment_is_asked_again(builder: Builder) -> None:
    """A few times; what else goes wrong is told at once."""
    builder.failing = ["npm error code ECONNRESET", "npm error code ETIMEDOUT"]
    build()
    assert builder.take().count("npm ci") == 3

    (webapp.SOURCES / "package.json").write_text('{"other": 1}')
    builder.failing = ["npm error the lock file does not fit package.json"]
    with pytest.raises(webapp.WebAppError, match="does not fit"):
        build()
    assert builder.take() == ["npm ci"]


def test_a_build_that_was_broken_off_is_begun_again(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was installed already stays."""

    def broken(what: str, command: list[str], **more: object) -> None:
        if what == "vite":
            raise webapp.WebAppError(reason="vite failed.")
        builder.run(what, command, **more)

    with monkeypatch.context() as patch:
        patch.setattr(webapp, "_run", broken)
        with pytest.raises(webapp.WebAppError):
            build()
    builder.take()

    build()
    assert builder.take() == ["the API's types", "vite", "the app's finish"]


def test_every_package_of_npm_is_pinned() -> None:
    """By version and checksum, and wherever it may come from: the lock file names no registry."""
    lock = json.loads((webapp.SOURCES / "package-lock.json").read_text())
    wanted = json.loads((webapp.SOURCES / "package.json").read_text())
    packages = {name: found for name, found in lock["packages"].items() if name}

    assert len(packages) > 50
    assert [name for name, found in packages.items() if not found.get("integrity", "").startswith("sha512-")] == []
    assert [name for name, found in packages.items() if "resolved" in found] == []
    asked = wanted["dependencies"] | wanted["devDependencies"]
    assert asked == {name: packages[f"node_modules/{name}"]["version"] for name in asked}
