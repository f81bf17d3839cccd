"""Run the command line: as `generate`, or as `python -m generator`."""

import gc
import sys


def main() -> int:
    """Run the command line and return its exit code."""
    # Loading takes longer than many a command: an interrupt then is one like any other.
    try:
        _load_uninterrupted()
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


def _load_uninterrupted() -> None:
    """Load msgspec, which swallows an interrupt in the middle of that, and with what is missing then crashes later."""
    from signal import SIG_BLOCK, SIG_SETMASK, SIGINT, pthread_sigmask

    before = pthread_sigmask(SIG_BLOCK, {SIGINT})
    try:
        import msgspec  # noqa: F401 - seen with 0.23
    finally:
        pthread_sigmask(SIG_SETMASK, before)


def _ignore_interrupts() -> None:
    # All is done and said: one that comes while Python ends would only print a traceback.
    from signal import SIG_IGN, SIGINT, signal

    signal(SIGINT, SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
