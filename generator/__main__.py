"""Run the command line: as `generate`, or as `python -m generator`."""

import gc
import sys


def main() -> int:
    """Run the command line and return its exit code."""
    # Loading takes longer than many a command: an interrupt then is one like any other.
    try:
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


def _ignore_interrupts() -> None:
    # All is done and said: one that comes while Python ends would only print a traceback.
    from signal import SIG_IGN, SIGINT, signal

    signal(SIGINT, SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
