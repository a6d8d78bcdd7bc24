"""What can go wrong in a demo, in words for the person at the terminal."""

from reelbus.stack.errors import StackError


class DemoError(StackError):
    """Shown as it stands; the command ends with exit code 1."""
