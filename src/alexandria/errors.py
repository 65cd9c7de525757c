"""The errors of Alexandria: each says what happened, and its remedy says what to do."""

from typing import ClassVar


class AlexandriaError(Exception):
    """Root of all errors that a person may see.

    `status` is the HTTP status of the problem document (RFC 9457) that the API answers with.
    """

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    @property
    def detail(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class InvalidInputError(AlexandriaError):
    """What was sent can't be understood, or breaks a rule."""

    status = 422
    title = "Invalid input"


class TooLargeError(InvalidInputError):
    status = 413
    title = "Too large"


class NotFoundError(AlexandriaError):
    status = 404
    title = "Not found"


class ConflictError(AlexandriaError):
    """The thing changed meanwhile, or exists already."""

    status = 409
    title = "Conflict"


class PreconditionFailedError(AlexandriaError):
    """The `If-Match` header names a version that is no longer the newest."""

    status = 412
    title = "Changed meanwhile"


class UnauthorizedError(AlexandriaError):
    status = 401
    title = "Sign in first"


class ForbiddenError(AlexandriaError):
    status = 403
    title = "Not allowed"


class DamagedError(AlexandriaError):
    """A stored file has other bytes than those that came in, or can't be read."""

    status = 500
    title = "A stored file is damaged"


class ExtractionError(AlexandriaError):
    """A document can't be read: a permanent fault of the document, told to the person who brought it."""

    status = 422
    title = "The document can't be read"


class NothingThereError(ExtractionError):
    """The server says that there is nothing at this address."""


class TransientError(AlexandriaError):
    """A fault that is likely to pass (a timeout, a connection lost): tasks try again.

    `retry_after`: seconds before which that is of no use; None if nobody said.
    """

    status = 503
    title = "Not available right now"

    def __init__(self, message: str, remedy: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(message, remedy)
        self.retry_after = retry_after


class BusyError(TransientError):
    """More work waits than is good: nothing was taken in."""

    title = "Too much to do"


class NotYetError(TransientError):
    """Its turn has not come: nothing was tried, so this counts as no attempt."""


class UnavailableError(AlexandriaError):
    """A part that is needed is missing or wrongly configured: trying again does not help."""

    status = 503
    title = "Not available"


class SwitchedOffError(UnavailableError):
    """A part that is off by default, and that nobody switched on."""

    status = 409
    title = "Switched off"


class NoRoomError(UnavailableError):
    """The disk is full."""

    status = 507
    title = "No room left"
