"""Answers of the family, all of which carry the id of their request."""

from __future__ import annotations

from typing import TypeVar

from litestar import Response

from services.edge.contracts.videocraft.request_ids import request_id_of
from services.edge.contracts.videocraft.schemas import Answer, Deleted, Told
from services.edge.errors import AnyRequest

T = TypeVar("T")

PRIVATE = {"Cache-Control": "no-store"}


def answer(request: AnyRequest, data: T) -> Response[Answer[T]]:
    found = Answer(success=True, data=data, request_id=request_id_of(request.scope))
    return Response(found, status_code=200, headers=PRIVATE)


def told(request: AnyRequest, data: T, message: str, status: int = 200) -> Response[Told[T]]:
    found = Told(success=True, data=data, message=message, request_id=request_id_of(request.scope))
    return Response(found, status_code=status, headers=PRIVATE)


def deleted(request: AnyRequest, message: str) -> Response[Deleted]:
    found = Deleted(success=True, message=message, request_id=request_id_of(request.scope))
    return Response(found, status_code=200, headers=PRIVATE)
