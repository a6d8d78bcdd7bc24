"""What can go wrong with a stack, in words for the person at the terminal."""


class StackError(Exception):
    """Base of errors whose text is shown as it stands; the command ends with exit code 1."""


class AlreadyRunningError(StackError):
    """Another supervisor holds the lock of this data directory."""


class NotRunningError(StackError):
    """No supervisor holds the lock of this data directory."""


class PortTakenError(StackError):
    """Something else listens on the public port, or this user may not."""


class StartError(StackError):
    """The stack could not get ready; the text ends with the last log lines of the culprit."""
