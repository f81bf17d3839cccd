"""Run the command line: as `generate`, or as `python -m generator`."""

import sys


def main() -> int:
    """Run the command line and return its exit code."""
    # Loading takes longer than many a command: an interrupt then is one like any other.
    try:
        from generator.cli import main as run

        return run()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
