"""Settings of the speech service."""

from __future__ import annotations

import sys
from pathlib import Path

from pydantic import Field

from libs.chassis.settings import SpeechSettings
from libs.chassis.worker_service import WorkerServiceSettings
from libs.media.settings import ToolSettings


class SpeechServiceSettings(WorkerServiceSettings, ToolSettings, SpeechSettings):
    """Everything that speech reads from its environment."""

    lanes: int = Field(
        1, description="Tasks that one process works on at once; they share one model.", ge=1, le=64
    )
    speech_models: Path | None = Field(
        None, description="Folder of models; `models` in the virtual environment where it is not set."
    )
    speech_download: bool = Field(
        False, description="Download a model of the Hugging Face hub that is not in the folder of models."
    )
    speech_device: str = Field("cpu", description="Where the model runs: `cpu`, `cuda` or `auto`.")
    speech_compute: str = Field(
        "int8", description="Numbers that the model computes with (CTranslate2: `int8`, `float16`, …)."
    )
    speech_threads: int = Field(
        0,
        description="CPU threads of one recognition; 0: one for each processor that the container may use,"
        " four at most.",
        ge=0,
        le=256,
    )
    speech_max_seconds: float = Field(
        4 * 3600.0,
        description="Seconds of sound that are recognised at most; longer sound fails.",
        gt=0,
        le=10 * 3600.0,
    )

    @property
    def models_folder(self) -> Path:
        """Where models lie, each in a folder of its name."""
        return self.speech_models or Path(sys.prefix) / "models"
