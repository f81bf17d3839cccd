"""Run the command line: as `generate`, or as `python -m generator`."""

import gc
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

_AGAIN = 0.01
"""Seconds after which an interrupt is tried again that came while a module was loaded."""


def main() -> int:
    """Run the command line and return its exit code."""
    # Loading takes longer than many a command: an interrupt then is one like any other.
    try:
        _hear_interrupts()
        from generator.cli import main as run

        code = run()
        _ignore_interrupts()
    except KeyboardInterrupt:
        _ignore_interrupts()
        sys.stderr.write("interrupted\n")
        return 130
    # What is left ends with the process: that Python looks through all of it for garbage takes a twelfth of a run.
    gc.freeze()
    return code


def _hear_interrupts() -> None:
    from signal import SIGALRM, SIGINT, default_int_handler, getsignal, signal

    # Whoever starts it in the background may have them ignored.
    if getsignal(SIGINT) is default_int_handler:
        signal(SIGALRM, _interrupted)
        signal(SIGINT, _interrupted)


def _interrupted(_number: int, frame: "FrameType | None") -> None:
    """Raise KeyboardInterrupt, as soon as no module is being loaded.

    In the middle of that others lose it: msgspec swallows it and crashes later for what it did not load (seen with
    0.23), and a class body makes another error of it (Python before 3.12).
    """
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            from signal import ITIMER_REAL, setitimer

            setitimer(ITIMER_REAL, _AGAIN)
            return
        frame = frame.f_back
    raise KeyboardInterrupt


def _ignore_interrupts() -> None:
    # All is done and said: one that comes while Python ends would only print a traceback.
    from signal import SIG_IGN, SIGALRM, SIGINT, signal

    signal(SIGINT, SIG_IGN)
    signal(SIGALRM, SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
