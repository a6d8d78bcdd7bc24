"""What can go wrong with the generated documents, in words for the person at the terminal."""

from reelbus.stack.errors import StackError


class DocsError(StackError):
    """The documents cannot be made, or must not be: the text says what to do."""
