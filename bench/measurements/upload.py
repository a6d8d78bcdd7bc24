"""Uploads through the gateway and the edge against the S3 client alone, both from a file on disk."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from minio import Minio

from bench.bench import Bench
from bench.client import post_file
from bench.report import Figure, Result, Target
from bench.stack import Stack, spending, watching_memory
from libs.chassis.multipart_upload import PART

NAME = "upload"
GIGABYTE, LITTLE = 1_000_000_000, 128_000_000
OUR_PARALLEL = 2


@dataclass
class Transfer:
    """Seconds of wall time; CPU seconds by process (`client` is what sends); memory that the edge grew by
    (MiB)."""

    seconds: float
    cpu: dict[str, float] = field(default_factory=dict)
    edge_growth: float = 0.0


def measure(bench: Bench) -> Result:
    size = LITTLE if bench.quick else GIGABYTE
    path = bench.clips.noise(size)
    stack = bench.stack
    runs: dict[str, list[Transfer]] = {"gateway": [], "edge": [], "sdk": [], "sdk, our parts": []}
    for number in range(bench.rounds(3)):
        bench.say(f"round {number + 1}")
        runs["gateway"].append(_through(stack, stack.public_port, path))
        runs["sdk"].append(_sdk(stack, path))
        runs["edge"].append(_through(stack, stack.port("edge"), path))
        runs["sdk, our parts"].append(_sdk(stack, path, ours=True))
    path.unlink()
    rates = {name: size / 1e6 / median(each.seconds for each in found) for name, found in runs.items()}
    growth = max(each.edge_growth for name in ("gateway", "edge") for each in runs[name])
    figures = [
        Figure(
            "through the gateway / S3 client alone", rates["gateway"] / rates["sdk"], "x", Target(">=", 0.8)
        ),
        Figure("to the edge itself / S3 client alone", rates["edge"] / rates["sdk"], "x"),
        Figure("growth of the edge's memory at most", growth, "MiB", Target("<=", 150e6 / 2**20)),
        *(Figure(name, rate, "MB/s") for name, rate in rates.items()),
    ]
    details = {name: [asdict(each) for each in found] for name, found in runs.items()}
    return Result(NAME, figures, {"bytes": size, **details})


def _through(stack: Stack, port: int, path: Path) -> Transfer:
    with watching_memory(stack, "edge") as memory, spending(stack) as spent:
        posted = post_file(port, path)
    client = _minio(stack)
    for found in client.list_objects(
        stack.connection.s3_bucket, prefix=f"uploads/{posted.file_id}", recursive=True
    ):
        assert found.object_name is not None
        client.remove_object(stack.connection.s3_bucket, found.object_name)
    cpu = {"client": round(posted.cpu, 2), **spent.by_process}
    return Transfer(posted.seconds, cpu, round(memory.growth, 1))


def _sdk(stack: Stack, path: Path, *, ours: bool = False) -> Transfer:
    """The SDK's own settings, or `ours`: an unknown length in our parts."""
    client, bucket, key = _minio(stack), stack.connection.s3_bucket, "bench/object"
    with spending(stack) as spent, path.open("rb") as file:
        begun, cpu = time.perf_counter(), time.process_time()
        if ours:
            client.put_object(bucket, key, file, -1, part_size=PART, num_parallel_uploads=OUR_PARALLEL)
        else:
            client.put_object(bucket, key, file, path.stat().st_size)
        seconds, used = time.perf_counter() - begun, time.process_time() - cpu
    client.remove_object(bucket, key)
    return Transfer(seconds, {"client": round(used, 2), **spent.by_process})


def _minio(stack: Stack) -> Minio:
    reach = stack.connection
    return Minio(
        urlsplit(reach.s3_endpoint).netloc,
        access_key=reach.s3_access_key,
        secret_key=reach.s3_secret_key,
        secure=False,
        region="us-east-1",
    )
