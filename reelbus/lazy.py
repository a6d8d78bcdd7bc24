"""Sub-commands imported only when used: `reelbus status` must not pay for `reelbus demo`."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import typer
from typer.core import TyperGroup

from reelbus.stack.errors import StackError

# Name of the sub-command -> module with a `typer.Typer` called `app`. A module that is not there is left out.
SUBCOMMANDS = {
    "demo": "reelbus.demo",
    "dlq": "reelbus.dlq",
    "docs": "reelbus.docs",
    "jobs": "reelbus.jobs",
    "keys": "reelbus.keys",
}


class LazyGroup(TyperGroup):
    """Also ends every command that raises StackError with its plain words and exit code 1."""

    def list_commands(self, ctx: Any) -> list[str]:
        present = [name for name, module in SUBCOMMANDS.items() if find_spec(module) is not None]
        return [*super().list_commands(ctx), *present]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        module = SUBCOMMANDS.get(cmd_name)
        if module is None or find_spec(module) is None:
            return super().get_command(ctx, cmd_name)
        from typer.main import get_command

        command = get_command(import_module(module).app)
        command.name = cmd_name
        return command

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except StackError as error:
            typer.echo(f"Error: {error}", err=True)
            raise typer.Exit(1) from error
