"""The web app as a gateway serves it: which file for which address, what may be kept how long, and what a page may do."""

from pathlib import Path

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from global_directory.schemas import Region
from infra.blobs import Place
from region.gateway.webapp import WebApp

INDEX = b"<!doctype html><script type=module src=/web/assets/index-1a2b.js></script>"
SCRIPT = b"let x = 1;" * 100


async def api(scope: Scope, receive: Receive, send: Send) -> None:
    """Stand for the rest of the gateway."""
    await send({"type": "http.response.start", "status": 404, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": scope["path"].encode()})


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A built app."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_bytes(INDEX)
    (tmp_path / "icon.svg").write_bytes(b"<svg/>")
    for suffix, content in ("", SCRIPT), (".gz", b"zipped"), (".br", b"broached"):
        (tmp_path / "assets" / f"index-1a2b.js{suffix}").write_bytes(content)
    return tmp_path


def serve(directory: Path, *, whole: bool = True) -> httpx.AsyncClient:
    """Return a client of a gateway that serves what is there."""
    regions = [
        Region("us", "us", 1, 1, "https://us.example.org", "http://gateway.us", 0),
        Region("eu", "eu", 1, 1, "http://127.0.0.1:7200/", "http://gateway.eu", 0, blobs_url="http://127.0.0.1:7278"),
    ]

    async def places() -> list[Region]:
        return regions

    blobs = Place("http://store", "https://blobs.example.org/prefix", "bucket")
    app = WebApp(directory, api, places=places, is_whole=lambda: whole, blobs=blobs)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://us")


@pytest.mark.parametrize("path", ["/web/", "/web/c/d123-us", "/web/settings"])
async def test_the_apps_own_addresses_get_the_app(built: Path, path: str) -> None:
    """So that a reload, or a link, opens what it names; and a newer app is found at once."""
    answer = await serve(built).get(path)

    assert (answer.status_code, answer.content) == (200, INDEX)
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    "path", ["/web/assets/index-old.js", "/web/assets/gone", "/web/nothing.png", "/groups/g1", "/web/../x"]
)
async def test_what_is_not_there_is_no_app(built: Path, path: str) -> None:
    """A script that was replaced is not answered with a page, and the API answers for itself."""
    answer = await serve(built).get(path)

    assert answer.status_code == 404


async def test_the_root_leads_to_the_app_and_the_api_is_as_it_was(built: Path) -> None:
    """Whoever opens a region's address finds it; other methods and paths are none of its business."""
    client = serve(built)

    assert (await client.get("/")).headers["location"] == "/web/"
    assert (await client.post("/web/")).status_code == 404
    assert (await client.get("/regions")).text == "/regions"


async def test_without_an_app_nothing_changes(tmp_path: Path) -> None:
    """A region may be run without one."""
    client = serve(tmp_path / "absent")

    assert [(await client.get(path)).status_code for path in ("/", "/web/")] == [404, 404]


async def test_files_with_hashed_names_are_kept_for_ever(built: Path) -> None:
    """Their content never changes."""
    answer = await serve(built).get("/web/assets/index-1a2b.js", headers={"Accept-Encoding": "identity"})

    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("accepted", "encoding", "length"),
    [("gzip, br", "br", 8), ("gzip", "gzip", 6), ("br;q=0, gzip;q=0.5", "gzip", 6), ("identity", None, len(SCRIPT))],
)
async def test_what_was_compressed_is_sent_to_whoever_reads_it(
    built: Path, accepted: str, encoding: str | None, length: int
) -> None:
    """The best of what both know."""
    async with serve(built).stream("GET", "/web/assets/index-1a2b.js", headers={"Accept-Encoding": accepted}) as answer:
        assert answer.headers.get("content-encoding") == encoding
        assert answer.headers["content-length"] == str(length)
        assert answer.headers["vary"] == "accept-encoding"


async def test_a_browser_that_has_it_is_told_so(built: Path) -> None:
    """Without its bytes; and HEAD is answered without them as well."""
    client = serve(built)
    tag = (await client.get("/web/")).headers["etag"]

    again = await client.get("/web/", headers={"If-None-Match": f'W/"x", {tag}'})
    head = await client.head("/web/")

    assert (again.status_code, again.content) == (304, b"")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(INDEX)))


async def test_a_page_that_lacks_a_region_is_kept_by_nobody(built: Path) -> None:
    """It would lead to fewer doors than one that is kept already; what else there is may be kept."""
    client = serve(built, whole=False)
    tag = (await serve(built).get("/web/")).headers["etag"]

    page = await client.get("/web/", headers={"If-None-Match": tag})

    assert (page.status_code, page.headers.get("etag"), page.headers["cache-control"]) == (200, None, "no-cache")
    assert "etag" in (await client.head("/web/assets/index-1a2b.js")).headers


async def test_a_page_runs_its_own_scripts_alone_and_connects_to_regions_alone(built: Path) -> None:
    """Nothing inline, nothing evaluated, nobody frames it, and there is nowhere to send what a script might steal."""
    said = (await serve(built).get("/web/")).headers["content-security-policy"]
    rules = dict(rule.split(" ", 1) for rule in said.split("; "))

    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert "unsafe" not in said
    assert set(rules["connect-src"].split()) == {
        "'self'",
        *("https://us.example.org", "http://127.0.0.1:7200", "https://blobs.example.org", "http://127.0.0.1:7278"),
        *("wss://us.example.org", "ws://127.0.0.1:7200", "wss://blobs.example.org", "ws://127.0.0.1:7278"),
    }
    assert {"https://blobs.example.org", "http://127.0.0.1:7278"} <= set(rules["img-src"].split())
