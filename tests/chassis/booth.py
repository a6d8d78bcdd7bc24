"""The speech service as it is composed, over a real bus and real storage."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

from libs.chassis.codec import encode
from libs.contracts.media import ObjectRef
from libs.contracts.streams import TASKS, task_subject
from libs.contracts.tasks import RecogniseTask, Task
from libs.media.probe import probe
from libs.media.tools import Tools
from tests.chassis.buses import settled
from tests.chassis.stage import Stage

SERVICE = "speech"
MODEL = "whisper-base"


class Booth(Stage):
    """The jobs service's side of the speech service."""

    async def task(self, path: Path, *, language: str | None = None, model: str = MODEL) -> RecogniseTask:
        """To recognise what is said in a file, which is stored."""
        stored: ObjectRef = await self.storage.put_file(f"uploads/{path.name}", path, "audio/wav")
        info = (await probe(path, Tools(), size=stored.size)).info
        return RecogniseTask(source=stored, info=info, model=model, language=language)

    async def begin(self, spec: RecogniseTask) -> UUID:
        task = Task(task_id=uuid4(), job_id=UUID(int=1), owner="o", fingerprint=uuid4().hex, spec=spec)
        await self.bus.jetstream.publish(task_subject(SERVICE, "batch"), encode(task), stream=TASKS.name)
        return task.task_id

    async def idle(self) -> None:
        await settled(self.bus, SERVICE, TASKS.name)
