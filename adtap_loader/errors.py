"""The exceptions the loader raises on purpose, and how a value that fits no column is shown."""

_VALUE_LENGTH = 60  # characters of a faulty value that a message shows


class LoadError(Exception):
    """A load cannot go on, and the message says in one line why and what to do.

    It ends the program with exit code 1 and no traceback. Whatever was not committed before it is
    rolled back, and no STATE that covers it is written.
    """


class NoSchemaError(LoadError):
    """A record came before its stream's SCHEMA message."""

    def __init__(self, stream: str) -> None:
        super().__init__(
            f"A record of stream '{stream}' came before a SCHEMA message of it; the tap is at fault."
        )


class NoKeyError(LoadError):
    """A record has no value for a key property, so two such rows could not be told apart."""

    def __init__(self, stream: str, key: str) -> None:
        super().__init__(f"Stream '{stream}': a record has no value for its key property '{key}'.")


def not_a_message(number: int, why: str) -> LoadError:
    """Return the error of a line that is no Singer message.

    It has the line's number and not its text, which may hold personal data.

    Args:
        number: The line's number in the input, from 1.
        why: What is wrong.
    """
    return LoadError(f"Line {number} of the input is not a Singer message: {why}")


def unfit(stream: str, column: str, value: object, reason: str) -> LoadError:
    """Return the error of a value that its column cannot take."""
    text = str(value)
    shown = text if len(text) <= _VALUE_LENGTH else f"{text[:_VALUE_LENGTH]}…"
    return LoadError(f"Stream '{stream}', column '{column}': {shown!r} is refused: {reason}.")


_FULL = "No space left on device"  # what the system says, and every library after it
RUN_AGAIN = "run it again: what came after the last STATE is not claimed"


def told(error: BaseException) -> str:
    """Return the one line that a failed load ends with."""
    line = one_line(error)
    if _FULL not in line or RUN_AGAIN in line:
        return line
    return f"{line.rstrip('.')}. Free some space and {RUN_AGAIN}."


def one_line(error: BaseException) -> str:
    """Return an error's words without their line breaks."""
    return " ".join(str(error).split())
