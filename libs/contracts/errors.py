"""Named errors. Each says what went wrong (`code`), in words, and whether trying again may help."""

from __future__ import annotations

from typing import ClassVar


class ReelbusError(Exception):
    """Base of all expected errors.

    `code` is stable and machine-readable; `details` is JSON-serialisable and safe to show a client.
    """

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, /, **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class InvalidInputError(ReelbusError):
    """The caller's request makes no sense; asking again the same way will not help."""

    code = "invalid_input"


class OutOfRangeError(InvalidInputError):
    """A value is of the right kind, but outside of what is allowed."""

    code = "out_of_range"


class UnauthorizedError(ReelbusError):
    """Who is calling is not known, or not who he says."""

    code = "unauthorized"


class ForbiddenError(ReelbusError):
    """Who is calling is known, and may not do this."""

    code = "forbidden"


class TooManyRequestsError(ReelbusError):
    """More requests than this caller may make; `details["retry_after"]` is seconds until the next one."""

    code = "too_many_requests"


class NotFoundError(ReelbusError):
    """No such thing, or not the caller's."""

    code = "not_found"


class ConflictError(ReelbusError):
    """The thing is in a state that does not allow this."""

    code = "conflict"


class TooLargeError(ReelbusError):
    """More bytes than the limit allows."""

    code = "too_large"


class UnavailableError(ReelbusError):
    """Something that this depends on (storage, bus, database, a service) does not answer now."""

    code = "unavailable"
    retryable = True


class MediaError(ReelbusError):
    """The media cannot be used as asked: not decodable, no video in it, a broken file."""

    code = "media_error"


class TaskTimeoutError(ReelbusError):
    """The work took longer than its limit, and would again."""

    code = "timeout"


class CancelledTaskError(ReelbusError):
    """The work was cancelled; nothing is wrong."""

    code = "cancelled"


class InternalError(ReelbusError):
    """A defect of ours, reported across a process boundary."""

    code = "internal"
    retryable = True


_BY_CODE: dict[str, type[ReelbusError]] = {
    kind.code: kind
    for kind in (
        InvalidInputError,
        OutOfRangeError,
        UnauthorizedError,
        ForbiddenError,
        TooManyRequestsError,
        NotFoundError,
        ConflictError,
        TooLargeError,
        UnavailableError,
        MediaError,
        TaskTimeoutError,
        CancelledTaskError,
        InternalError,
    )
}

CODES = tuple(_BY_CODE)


def error_of(code: str, message: str, details: dict[str, object] | None = None) -> ReelbusError:
    """The named error of `code`; an unknown code is an `InternalError`."""
    return _BY_CODE.get(code, InternalError)(message, **(details or {}))
