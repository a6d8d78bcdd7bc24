"""Calls that the edge answers: `edge.authenticate`."""

from __future__ import annotations

from libs.chassis.bus import Bus
from libs.contracts.access import AUTHENTICATE, Authenticate, Principal
from services.edge.auth.authenticator import Authenticator
from services.edge.auth.refusals import Refusals


class Handlers:
    def __init__(self, authenticator: Authenticator, refusals: Refusals) -> None:
        self._authenticator = authenticator
        self._refusals = refusals

    def register(self, bus: Bus) -> None:
        bus.serve(AUTHENTICATE, self.authenticate)

    async def authenticate(self, request: Authenticate) -> Principal:
        async with self._refusals.counted(request.client):
            return await self._authenticator.authenticate(request)
