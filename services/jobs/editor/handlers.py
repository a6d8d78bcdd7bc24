"""What reaches the video editor within jobs.

Answers `jobs.register_videos`, `jobs.get_video`, `jobs.find_video`, `jobs.list_videos`, `jobs.queue_edit`,
`jobs.execute_queue`, `jobs.get_execution`.
"""

from __future__ import annotations

from libs.chassis.bus import Bus
from libs.contracts.editor import (
    EXECUTE_QUEUE,
    FIND_VIDEO,
    GET_EXECUTION,
    GET_VIDEO,
    LIST_VIDEOS,
    QUEUE_EDIT,
    REGISTER_VIDEOS,
    ExecuteQueue,
    Execution,
)
from services.jobs.dispatch import Dispatcher
from services.jobs.editor.execute import Executor
from services.jobs.editor.library import Library
from services.jobs.editor.queue import Queue


class EditorHandlers:
    def __init__(
        self, bus: Bus, library: Library, queue: Queue, executor: Executor, dispatcher: Dispatcher
    ) -> None:
        self._bus = bus
        self._library = library
        self._queue = queue
        self._executor = executor
        self._dispatcher = dispatcher

    def register(self) -> None:
        bus = self._bus
        bus.serve(REGISTER_VIDEOS, self._library.register)
        bus.serve(GET_VIDEO, self._library.get)
        bus.serve(FIND_VIDEO, self._library.find)
        bus.serve(LIST_VIDEOS, self._library.page)
        bus.serve(QUEUE_EDIT, self._queue.add)
        bus.serve(EXECUTE_QUEUE, self.execute)
        bus.serve(GET_EXECUTION, self._executor.find)

    async def execute(self, request: ExecuteQueue) -> Execution:
        execution = await self._executor.execute(request)
        self._dispatcher.wake()
        return execution
