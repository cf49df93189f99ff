"""Endpoints of images and files: bringing them, and opening them. Their bytes go between device and blob store."""

from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from infra.errors import UnavailableError
from region.accounts.tokens import AccessClaims
from region.gateway.admission import BEARER, residents
from region.gateway.blob_schemas import BlobView, PartsRequest, PartView, SignedParts, UploadRequest, UploadView
from region.gateway.callers import Callers
from region.gateway.guards import Guards
from region.gateway.openapi import answers, takes
from region.gateway.schemas import answer, body_of
from region.gateway.shapes import attached
from region.media import rules
from region.media.downloads import Downloads
from region.media.uploads import Progress, Uploads

T = TypeVar("T")
EXAMPLE = {"name": "beach.jpg", "size": 812_345, "content_type": "image/jpeg", "checksum": "9f86d081884c7d65…"}


def blobs(
    *, callers: Callers, guards: Guards, uploads: Uploads | None, downloads: Downloads | None, seconds: int
) -> APIRouter:
    """Return the endpoints of images and files; without a blob store they all answer that there is none."""
    router = APIRouter(dependencies=[Depends(BEARER)])

    Resident = Annotated[AccessClaims, Depends(residents(callers))]  # noqa: N806 — it is a type

    def ways_in() -> Uploads:
        return _there(uploads)

    @router.post(
        "/uploads",
        status_code=201,
        responses=answers(201, "UploadView", 400, 401, 409, 413, 421, 422, 429),
        openapi_extra=takes("UploadRequest", EXAMPLE),
    )
    async def begin(request: Request, caller: Resident) -> Response:
        """Begin to bring an image or a file. Put its bytes to `url`, or ask for addresses of its parts; then complete it."""
        wanted = await body_of(request, UploadRequest)
        await guards.upload(caller.sub)
        progress = await ways_in().begin(
            caller.sub,
            name=wanted.name,
            size=wanted.size,
            content_type=wanted.content_type,
            checksum=wanted.checksum,
            kind=wanted.kind,
        )
        return answer(_view(progress, seconds), 201)

    @router.get("/uploads/{blob_id}", responses=answers(200, "UploadView", 401, 404, 421))
    async def look(blob_id: str, caller: Resident) -> Response:
        """Tell how far an upload has come: which parts are there, or where to put it; so it can be resumed."""
        return answer(_view(await ways_in().look(caller.sub, blob_id), seconds))

    @router.post(
        "/uploads/{blob_id}/parts",
        responses=answers(200, "SignedParts", 400, 401, 404, 409, 421, 422),
        openapi_extra=takes("PartsRequest", {"parts": [1, 2, 3]}),
    )
    async def sign(blob_id: str, request: Request, caller: Resident) -> Response:
        """Return where to put parts, up to 100 at a time."""
        wanted = await body_of(request, PartsRequest)
        found = await ways_in().sign(caller.sub, blob_id, wanted.parts)
        return answer(SignedParts({str(number): url for number, url in found.items()}, seconds))

    @router.post(
        "/uploads/{blob_id}/complete",
        responses=answers(
            200, "UploadView", 401, 404, 409, 421, 422, also={202: "It is still being checked: look again"}
        ),
    )
    async def complete(blob_id: str, caller: Resident) -> Response:
        """Say that all bytes are there: size and checksum are verified, images are cleaned. Once it is `ready`, messages may refer to it."""
        blob = await ways_in().complete(caller.sub, blob_id)
        return answer(_view(Progress(blob), seconds), 200 if blob.state == "ready" else 202)

    @router.delete("/uploads/{blob_id}", status_code=204, responses=answers(204, None, 401, 404, 409, 421))
    async def abandon(blob_id: str, caller: Resident) -> Response:
        """Throw an upload away that was not completed."""
        await ways_in().abandon(caller.sub, blob_id)
        return Response(status_code=204)

    @router.get("/blobs/{blob_id}", responses=answers(200, "BlobView", 401, 404, 409, 421, 429))
    async def opened(blob_id: str, caller: Resident) -> Response:
        """Return where a blob's bytes are, for a few minutes, if a message that one may see refers to it, or it is the picture of what one may see. Ranges can be asked for there.

        With `blob-on-its-way` it is being fetched from another region: ask again.
        """
        found = await _there(downloads).open(caller.sub, blob_id)
        return answer(BlobView(attached(found.attachment), found.url, found.thumbnails, found.seconds))

    return router


def _there(service: T | None) -> T:
    if service is None:
        raise UnavailableError(what="The blob store, of which this region has none,")
    return service


def _view(progress: Progress, seconds: int) -> UploadView:
    blob = progress.blob
    in_parts = rules.in_parts(blob.size)
    waiting = blob.state == "uploading"
    return UploadView(
        blob_id=blob.blob_id,
        state=blob.state,
        problem=blob.problem or None,
        url=progress.url or None,
        headers={"Content-Type": blob.content_type} if progress.url else {},
        part_size=rules.PART if in_parts and waiting else None,
        parts=len(rules.part_sizes(blob.size)) if in_parts and waiting else None,
        received=[PartView(part.number, part.size) for part in progress.parts],
        expires_in=seconds,
        attachment=attached(blob.attachment) if blob.state == "ready" else None,
    )
