"""The command line: one file a command, found by its file; exit codes of CONVENTIONS.md; no traceback for a user."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from typing import TYPE_CHECKING

from opsguide import __version__, cli

if TYPE_CHECKING:
    import click

NO_COMMANDS = {"main", "caret", "local", "door"}
"""Files of this folder that hold no command."""


def names() -> list[str]:
    """Every command, by its file."""
    return sorted(m.name for m in pkgutil.iter_modules(cli.__path__) if m.name not in NO_COMMANDS)


def build() -> click.Group:
    """The group whose commands are imported only when they are called, so that each start pays for itself alone."""
    import click  # noqa: PLC0415 -- `--version` must not pay for it

    class Commands(click.Group):
        def list_commands(self, ctx: click.Context) -> list[str]:
            del ctx
            return names()

        def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
            del ctx
            if cmd_name not in names():
                return None
            command: click.Command = importlib.import_module(f"opsguide.cli.{cmd_name}").command
            return command

    return Commands(
        name="opsguide",
        help="The operations guide that runs.\n\nStart with: opsguide check GUIDE.md",
        params=[click.Option(["--version"], is_flag=True, help="Print the version.")],
    )


def main() -> None:
    """Run the command line and leave with its exit code: 0 fine, 1 errors or broken, 2 unusable input, 3 our fault."""
    if sys.argv[1:] == ["--version"]:
        print(f"opsguide {__version__}")
        return
    sys.exit(call(sys.argv[1:]))


def call(arguments: list[str]) -> int:
    """The exit code of one command line."""
    import click  # noqa: PLC0415 -- as above

    from opsguide.cli.caret import tell_fault  # noqa: PLC0415 -- as above
    from opsguide.core.mend import Unusable  # noqa: PLC0415 -- as above

    try:
        return int(build().main(arguments, prog_name="opsguide", standalone_mode=False) or 0)
    except Unusable as fault:
        tell_fault(fault)
        return 2
    except click.ClickException as fault:
        fault.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        print("stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output went away (`| head`): nothing is wrong, but Python's own flush would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except ExceptionGroup as group:
        return _grouped(group, arguments)
    except Exception as fault:  # noqa: BLE001 -- the last door: a user sees a sentence and where the rest is
        return _our_fault(fault, arguments)


def _grouped(group: ExceptionGroup[Exception], arguments: list[str]) -> int:
    """What a task group wrapped: the user's fault if it is one, else ours."""
    from opsguide.cli.caret import tell_fault  # noqa: PLC0415 -- as above
    from opsguide.core.mend import Unusable  # noqa: PLC0415 -- as above

    first: Exception = group
    while isinstance(first, ExceptionGroup):
        first = first.exceptions[0]
    if isinstance(first, Unusable):
        tell_fault(first)
        return 2
    return _our_fault(first, arguments)


def _our_fault(fault: Exception, arguments: list[str]) -> int:
    """Say that the fault is ours; the traceback goes to a file that only its owner can read, without local values."""
    import tempfile  # noqa: PLC0415 -- only on this road
    import traceback  # noqa: PLC0415 -- only on this road

    with tempfile.NamedTemporaryFile("w", prefix="opsguide-fault-", suffix=".txt", delete=False) as file:
        file.write(f"opsguide {__version__} {arguments[:1]}\n")
        file.write("".join(traceback.format_tb(fault.__traceback__)))
        file.write(f"{type(fault).__name__}\n")
    print(f"opsguide: this is a fault of ours ({type(fault).__name__}); please report {file.name}", file=sys.stderr)
    return 3
