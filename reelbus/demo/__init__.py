"""`reelbus demo`: the main job on a real clip, from the upload to a picture of the difference."""

import signal
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)

DEFAULT_DATA = Path(".reelbus/demo")
DEFAULT_OUTPUT = Path("demo-output")


@app.command()
def demo(  # noqa: PLR0917 (typer calls it by keyword)
    data: Annotated[
        Path,
        typer.Option(
            "--data",
            envvar="REELBUS_DATA",
            help="Data directory: the stack that runs there is used, else one is started and stopped again.",
        ),
    ] = DEFAULT_DATA,
    url: Annotated[
        str | None, typer.Option(help="Use the Reelbus at this address instead, e.g. http://127.0.0.1:8000.")
    ] = None,
    port: Annotated[
        int, typer.Option(help="Public port of the stack; 0 picks a free one.", min=0, max=65535)
    ] = 0,
    clip: Annotated[
        Path | None,
        typer.Option(help="Upload this video as it is.", exists=True, dir_okay=False, readable=True),
    ] = None,
    clean: Annotated[
        bool, typer.Option("--clean", help="Upload Big Buck Bunny as it is, not a noisy, dull copy of it.")
    ] = False,
    output: Annotated[Path, typer.Option(help="Where the results go.", file_okay=False)] = DEFAULT_OUTPUT,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the stack running at the end.")] = False,
) -> None:
    """Upload a real clip, watch both processes, and see what came of it.

    Leaves the enhanced video, its metadata and a before/after picture in --output. Exits with 1, in plain
    words, when something fails.
    """
    from reelbus.demo.journey import Wish, travel
    from reelbus.demo.screen import Screen

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that a stack of ours is stopped then too
    travel(
        Wish(data=data, url=url, port=port, clip=clip, clean=clean, output=output, keep=keep), Screen.make()
    )
