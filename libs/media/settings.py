"""Settings of the media tools."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from libs.media.cores import quota
from libs.media.runner import Limits, Tools


class ToolSettings(BaseSettings):
    """The media tools and what they may use."""

    model_config = SettingsConfigDict(env_prefix="REELBUS_", extra="ignore")

    ffmpeg: str = Field("ffmpeg", description="The ffmpeg to run.")
    ffprobe: str = Field("ffprobe", description="The ffprobe to run.")
    ffmpeg_memory: int = Field(
        8 << 30, description="Bytes of address space that one ffmpeg may take.", ge=256 << 20
    )
    ffmpeg_output: int = Field(64 << 30, description="Bytes that one ffmpeg may write to a file.", ge=1 << 20)
    ffmpeg_niceness: int = Field(
        10,
        description="How much ffmpeg leaves to other processes of the machine: answers go on while it works.",
        ge=0,
        le=19,
    )
    ffmpeg_threads: int = Field(
        0,
        description="Threads of each codec of an ffmpeg; 0: one for each processor that the container may use"
        " (its CPU limit), or that the machine has.",
        ge=0,
        le=64,
    )
    probe_time_limit: float = Field(20.0, description="Seconds that a probe may take.", gt=0)

    def tools(self, observer: Callable[[str, float, str], None] | None = None) -> Tools:
        """The tools as the runner takes them; `observer` hears program, seconds and outcome of each run."""
        limits = Limits(
            memory_bytes=self.ffmpeg_memory,
            output_bytes=self.ffmpeg_output,
            niceness=self.ffmpeg_niceness,
            threads=self.ffmpeg_threads or quota(),
        )
        return Tools(ffmpeg=self.ffmpeg, ffprobe=self.ffprobe, limits=limits, on_exit=observer)
