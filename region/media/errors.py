"""What can be wrong with an upload or a blob."""

from typing import Final

from infra.errors import CausewayError, UnavailableError


class QuotaError(CausewayError):
    """Your images and files have {used} bytes, and may have {quota}; this one has {size}. Nothing was begun. Remove messages' files elsewhere, or ask whoever runs this region for more."""

    code = "quota-exceeded"
    status = 413
    definite = True


class TooManyUploadsError(CausewayError):
    """You have {open} uploads that were begun and not completed, and may have {most}. Complete or abandon some of them, then begin this one."""

    code = "too-many-uploads"
    status = 409
    definite = True


class IncompleteError(CausewayError):
    """The upload is not complete: {reason}. Put what is missing, then complete it again."""

    code = "upload-incomplete"
    status = 409
    definite = True


class ClosedError(CausewayError):
    """The upload {blob_id} is {state}, so nothing can be put there any more. Begin another one."""

    code = "upload-closed"
    status = 409
    definite = True


class MismatchError(CausewayError):
    """What arrived is not what was announced: size or SHA-256 differ. It was thrown away. Upload it anew."""

    code = "checksum-mismatch"
    status = 422
    definite = True


class NotAnImageError(CausewayError):
    """What arrived is no image that can be read: JPEG, PNG, WebP and GIF can. It was thrown away. Upload it as a file."""

    code = "not-an-image"
    status = 422
    definite = True


class ImageTooLargeError(CausewayError):
    """The image has too many pixels, or takes too much time or memory to read; 50 million pixels are accepted. It was thrown away. Upload it as a file."""

    code = "image-too-large"
    status = 422
    definite = True


class NotReadyError(CausewayError):
    """The blob {blob_id} cannot be used: {reason}."""

    code = "blob-not-ready"
    status = 409
    definite = True


class OnItsWayError(UnavailableError):
    """The blob {blob_id} is on its way here from {origin}: {received} of {size} bytes so far. Ask again in {retry_after} seconds."""

    code = "blob-on-its-way"


REFUSALS: Final[dict[str, type[CausewayError]]] = {
    kind.code: kind for kind in (MismatchError, NotAnImageError, ImageTooLargeError)
}
"""Why something that arrived was thrown away, by the code that the store keeps."""
