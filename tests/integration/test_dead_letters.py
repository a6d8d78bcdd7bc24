"""A poison task kills every worker that takes it; it becomes a dead letter, and can be replayed."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.integration.client import ENHANCE, EXTRACT, Operator, User, unique_copy
from tests.integration.conftest import IMPATIENT, ROOT
from tests.integration.test_uploads import BOUNDARY, HEAD, TAIL
from tests.stack.harness import Stack, wait_until

KILLER = "#!/bin/sh\nkill -9 $PPID\nsleep 60\n"


@pytest.fixture(scope="module")
def ffmpeg(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ffmpeg of the stack: a link that a test can turn into something that kills its worker."""
    link = tmp_path_factory.mktemp("bin") / "ffmpeg"
    link.symlink_to(shutil.which("ffmpeg") or "ffmpeg")
    return link


@pytest.fixture(scope="module")
def fragile(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    env = {
        **IMPATIENT,
        "REELBUS_ACK_WAIT": "1",
        "REELBUS_MAX_DELIVER": "2",
        "REELBUS_FFMPEG": str(ffmpeg),
        "REELBUS_MAX_UPLOAD_BYTES": str(4 << 20),
    }
    stack = Stack(tmp_path_factory.mktemp("fragile") / "data", ROOT, env=env)
    stack.up()
    try:
        yield stack
    finally:
        stack.down()


def letters(stack: Stack) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(stack.run("dlq", "list", "--json").stdout)
    return found


def test_poison_is_buried_and_replayed(
    fragile: Stack, ffmpeg: Path, small_bunny: Path, tmp_path: Path
) -> None:
    user = User(fragile)
    real = os.readlink(ffmpeg)
    ffmpeg.unlink()
    ffmpeg.write_text(KILLER)
    ffmpeg.chmod(0o755)
    client_id = uuid4().hex
    with user.socket(client_id) as socket:
        file_id = user.upload(unique_copy(small_bunny, tmp_path), client_id=client_id)
        failed = user.wait_for(file_id, ENHANCE, "failed", within=60)
        user.wait_for(file_id, EXTRACT, "failed", within=60)
        assert failed["error"] == "Every worker that took this died before it could answer."
        buried: list[dict[str, object]] = []

        def both() -> bool:
            buried[:] = letters(fragile)
            return len(buried) == 2

        wait_until(both)
        assert {letter["code"] for letter in buried} == {"crashed"}
        assert {letter["subject"] for letter in buried} == {
            "tasks.transcode.interactive",
            "tasks.analyze.interactive",
        }

        ffmpeg.unlink()
        ffmpeg.symlink_to(real)
        fragile.run("dlq", "replay", "--all")
        for process in (ENHANCE, EXTRACT):
            assert user.wait_for(file_id, process, "completed", within=60)["error"] is None
        assert letters(fragile) == []
        wait_until(lambda: socket.updates(file_id, "video_enhancement")[-1]["status"] == "completed")
    assert user.http.head(f"/processed_videos/{file_id}").status_code == 200


def test_files_over_the_limit_are_refused(fragile: Stack) -> None:
    """Declared or not, nothing of them stays."""
    user = User(fragile)
    form = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    body = HEAD + bytes(9 << 20) + TAIL
    declared = user.http.post("/upload", content=body, headers=form)
    streamed = user.http.post("/upload", content=iter([HEAD, *[bytes(1 << 20)] * 9, TAIL]), headers=form)
    for answer in (declared, streamed):
        assert answer.status_code == 413
        assert answer.json() == {"detail": "The file is larger than the limit of 4194304 bytes."}
    wait_until(lambda: Operator(fragile).sql("SELECT count(*) FROM ingest.uploads") == [(0,)])
