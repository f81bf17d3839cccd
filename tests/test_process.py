"""The command as a process: odd files, streams that nobody reads, no room for output, interrupts."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.cli.main import COMMANDS
from tests.helpers import PROBLEM, ROOT, Result, build_tree, read_tree

EXAMPLE = (ROOT / "examples" / "five-nodes-aws" / "topology.yaml").read_text("utf-8")
PROGRAM = f"{sys.executable} -m generator"
# A call of each kind of work, and the code with which it ends when somebody listens.
CALLS = {
    "": 0,
    "--json": 0,
    "--check": 1,
    "--diff": 1,
    "plan": 0,
    "plan --json": 0,
    "plan wrong.yaml": 2,
    "--json wrong.yaml": 2,
    "--version": 0,
    "--help": 0,
    "--nonsense": 2,
    **{f"{command} --help": 0 for command in COMMANDS},
}
ENOUGH_MEMORY = 600 * 1024 * 1024


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return build_tree(tmp_path / "mail", {"topology.yaml": EXAMPLE, "wrong.yaml": "domain: 1\nusers: many\n"})


def shell(folder: Path, line: str, *, before: Callable[[], None] | None = None) -> Result:
    """Run a line of bash in a folder, in which `$GENERATE` is the program."""
    ended = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "GENERATE": PROGRAM},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=300,
        check=False,
        preexec_fn=before,
    )
    result = Result(ended.returncode, ended.stdout.decode(), ended.stderr.decode(errors="replace"))
    assert "Traceback" not in result.err, result.err
    assert "Exception ignored" not in result.err, result.err
    return result


def no_init(call: str) -> str:
    return call if call.split(" ")[0] in COMMANDS else f"--no-init {call}"


@pytest.mark.many(4)
@pytest.mark.parametrize("call", CALLS)
def test_a_reader_who_has_enough_changes_nothing(call: str, folder: Path, tmp_path: Path) -> None:
    """Neither the exit code nor what is written depends on who reads stdout and stderr."""
    twin = build_tree(tmp_path / "twin", read_tree(folder))
    listened = shell(twin, f"$GENERATE {no_init(call)} > out 2> err")
    assert listened.code == CALLS[call]
    # `true` reads nothing; the code is that of our side of the pipe, for pipefail.
    assert shell(folder, f"$GENERATE {no_init(call)} 2>&1 | true").code == CALLS[call]
    (twin / "out").unlink()
    (twin / "err").unlink()
    assert read_tree(folder) == read_tree(twin)


@pytest.mark.many(4)
@pytest.mark.parametrize("call", [call for call, code in CALLS.items() if code < 2])
def test_no_room_for_the_product(call: str, folder: Path) -> None:
    result = shell(folder, f"$GENERATE {no_init(call)} > /dev/full")
    assert result.code == 3
    assert "error: stdout cannot be written: No space left on device" in result.err


@pytest.mark.parametrize("call", ["", "plan", "plan wrong.yaml"])
def test_no_room_for_talk(call: str, folder: Path) -> None:
    assert shell(folder, f"$GENERATE {no_init(call)} 2> /dev/full").code == CALLS[call]
    assert shell(folder, f"$GENERATE {no_init(call)} 2>&-").code == CALLS[call]


def test_closed_streams(folder: Path) -> None:
    before = read_tree(folder)
    result = shell(folder, "$GENERATE --no-init >&-")
    assert result.code == 3
    assert result.err.startswith("error: stdout is closed")
    assert read_tree(folder) == before
    assert shell(folder, "$GENERATE plan <&- >&- 2>&-").code == 3
    assert shell(folder, "$GENERATE plan --json <&- 2>&-").out.startswith("{")


def test_no_locale_changes_the_product(folder: Path) -> None:
    line = "$GENERATE plan --set domain=straße.example; $GENERATE plan --json; $GENERATE --help"
    results = [
        shell(folder, f"export {names}; {line}")
        for names in ("LC_ALL=C.UTF-8", "LC_ALL=POSIX", "PYTHONUTF8=0 PYTHONIOENCODING=ascii")
    ]
    assert {one.code for one in results} == {0}
    assert len({one.out for one in results}) == 1


ODD_FILES = {
    "a device": ("plan /dev/zero", "error: /dev/zero is a device, not a file"),
    "nothing": ("plan /dev/null", "error: /dev/null is a device, not a file"),
    "a folder": ("plan .", "error: . is a folder"),
    "an overlay that is a device": ("plan --overlay /dev/zero", "error: /dev/zero is a device, not a file"),
    "an overlay that is a folder": ("plan --overlay .", "error: . is a folder"),
    "a file below a file": ("plan wrong.yaml/topology.yaml", "cannot be read: Not a directory"),
    "a name that is too long": (f"plan {'x' * 300}", "cannot be read: File name too long"),
    "a name that is no text": ("plan $'\\xff.yaml'", "error: \\xdcff.yaml does not exist"),
    "a link to itself": ("plan loop", "error: loop cannot be read: Too many levels of symbolic links"),
    "an endless pipe": ("plan <(yes)", "a topology has at most 16 mib"),
    "a pipe with mistakes": ("plan <(cat wrong.yaml)", "/dev/fd/63:2:8: error[wrong-value]"),
    "a pipe with nothing": ("plan <(true)", "error[not-a-topology]: the topology is empty"),
    "stdin with mistakes": ("plan /dev/stdin < wrong.yaml", "/dev/stdin:2:8: error[wrong-value]"),
}


@pytest.mark.parametrize("case", ODD_FILES)
def test_what_is_no_file(case: str, folder: Path) -> None:
    call, said = ODD_FILES[case]
    (folder / "loop").symlink_to("loop")
    result = shell(folder, f"$GENERATE {call}")
    assert result.code == 2
    assert said.lower() in result.err.lower()
    assert result.out == ""


@pytest.mark.slow
def test_a_pipe_into_which_nobody_writes(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    result = shell(folder, "$GENERATE plan pipe")
    assert (result.code, result.err) == (2, "error: pipe is a pipe into which nobody wrote for 10 seconds\n")


def test_a_topology_through_a_pipe_is_written_where_one_stands(folder: Path) -> None:
    assert shell(folder, "$GENERATE --no-init <(sleep 1; cat topology.yaml)").code == 0
    assert shell(folder, "$GENERATE --check").code == 0
    assert shell(folder, "$GENERATE --check /dev/stdin --overlay <(echo 'users: 150') < topology.yaml").code == 0
    assert not Path("/dev/topology.lock.json").exists()


def test_a_file_that_may_not_be_read(folder: Path) -> None:
    (folder / "topology.yaml").chmod(0)
    powerless = ""
    if os.getuid() == 0:
        # Root reads everything, unless this power is taken away.
        powerless = "setpriv --bounding-set -dac_override,-dac_read_search --inh-caps -dac_override,-dac_read_search"
        if shutil.which("setpriv") is None or shell(folder, f"{powerless} true").code != 0:
            pytest.skip("root cannot give up reading everything here (setpriv)")
    result = shell(folder, f"{powerless} $GENERATE plan")
    assert (result.code, result.err) == (2, "error: topology.yaml cannot be read: Permission denied\n")


MIB = 1024 * 1024
BIG_FILES: dict[str, tuple[Callable[[], bytes], str]] = {
    "100 MB": (lambda: b"x" * 100_000_000, "error: topology.yaml has 100000000 bytes"),
    "dashes": (lambda: b"- \n" * (5 * MIB), "topology.yaml:200000:2: error[too-large]"),
    "a list": (lambda: b"[" + b"a," * (7 * MIB) + b"]", "topology.yaml:1:400000: error[too-large]"),
    "colons": (lambda: b"a: " + b": " * (7 * MIB), "topology.yaml:1:4: error[yaml-syntax]"),
    "a comment": (lambda: b"#" + b"x" * (15 * MIB), "error[not-a-topology]: the topology is empty"),
    "a word": (lambda: b"domain: " + b"x" * (15 * MIB), "topology.yaml:1:9: error[wrong-value]"),
    "lines": (lambda: b"\n" * (15 * MIB), "error[not-a-topology]: the topology is empty"),
    "keys": (lambda: b"".join(b"k%d: 1\n" % n for n in range(90_000)), 'error[unknown-key]: "k0" is not a key'),
    "the same key": (lambda: b"a: 1\n" * 90_000, 'error[duplicate-key]: "a" stands twice'),
    "tags": (lambda: b"[" + b"!x a," * 90_000 + b"]", "error[yaml-tag]: the tag !x has no meaning here"),
    "anchors": (
        lambda: b"".join(b"a%d: &a%d 1\nb%d: *a%d\n" % (n, n, n, n) for n in range(40_000)),
        'error[unknown-key]: "a0" is not a key',
    ),
    "brackets": (lambda: b"[" * (15 * MIB), "topology.yaml:1:65: error[too-deep]"),
    "spaces": (lambda: b" " * (15 * MIB) + b"a: 1", "missing-key"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", BIG_FILES)
def test_a_big_file_costs_little(case: str, tmp_path: Path) -> None:
    """In memory the limit is the system's; in time, sixty seconds of the processor."""
    content, said = BIG_FILES[case]
    (tmp_path / "topology.yaml").write_bytes(content())

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (ENOUGH_MEMORY, ENOUGH_MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (60, 60))

    result = shell(tmp_path, "$GENERATE plan", before=limited)
    assert result.code == 2, result.err[:1000]
    assert said in result.err, result.err[:1000]
    assert len(result.err) < 300_000


ENCODINGS = {
    "utf-16": ("utf-16", "error[not-utf-8]: the file is not UTF-8 text; it looks like UTF-16"),
    "utf-16 without a mark": ("utf-16-le", "error[not-utf-8]: the file is not UTF-8 text; it looks like UTF-16"),
    "utf-16, the other way": ("utf-16-be", "error[not-utf-8]: the file is not UTF-8 text; it looks like UTF-16"),
    "utf-32": ("utf-32", "error[not-utf-8]: the file is not UTF-8 text; it looks like UTF-32"),
    "latin-1": ("latin-1", "topology.yaml:2:4: error[not-utf-8]: the file is not UTF-8 text"),
}


@pytest.mark.parametrize("case", ENCODINGS)
def test_other_encodings(case: str, folder: Path) -> None:
    encoding, said = ENCODINGS[case]
    (folder / "topology.yaml").write_bytes(f"# ok\n# B\xe9la\n{EXAMPLE}".encode(encoding))
    result = shell(folder, "$GENERATE plan")
    assert result.code == 2
    assert said in result.err


def test_utf_8_with_a_byte_order_mark(folder: Path) -> None:
    (folder / "topology.yaml").write_bytes(b"\xef\xbb\xbfdomian: example.org\n" + EXAMPLE.encode())
    found = PROBLEM.match(shell(folder, "$GENERATE plan").err)
    assert found is not None
    assert (found["line"], found["column"], found["rule"]) == ("1", "1", "unknown-key")
    (folder / "topology.yaml").write_bytes(b"\xef\xbb\xbf" + EXAMPLE.encode())
    assert shell(folder, "$GENERATE plan").code == 0


def test_an_interrupt_when_all_is_said(folder: Path) -> None:
    """One that comes while Python ends, here from its last handlers, changes nothing any more."""
    code = (
        "import atexit, os, signal, sys, time;"
        "atexit.register(lambda: (os.kill(os.getpid(), signal.SIGINT), time.sleep(0.1)));"
        "from generator.__main__ import main; sys.exit(main())"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [sys.executable, "-c", code, "plan"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0
    assert "Traceback" not in ended.stderr


def interrupted(place: Path, word: str, seconds: float) -> tuple[int, str]:
    """Run the command in a folder, interrupt it some time after it began, and return its exit code and stderr."""
    # It says when Python itself is up: before that nothing of ours runs.
    code = "import sys; from generator.__main__ import main; print('up', flush=True); sys.exit(main())"
    process = subprocess.Popen(
        [sys.executable, "-c", code, word],
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    return process.returncode, err


def test_an_interrupt_while_it_loads(folder: Path) -> None:
    """What is loaded half must not crash later: it ends, or was done before."""
    moments, codes = 40, set()
    for moment in range(moments):
        code, err = interrupted(folder, "plan", 0.001 + 0.04 * moment / moments)
        # A busy machine may not have come to anything of ours by then.
        assert "Traceback" not in err or "/generator/" not in err, (moment, err)
        codes.add(code)
    assert codes <= {0, 130, -signal.SIGINT}


@pytest.mark.slow
def test_an_interrupt_at_any_moment(folder: Path, tmp_path: Path) -> None:
    """Whenever it comes: one line, 130, and a folder that is untouched, complete or guarded."""
    inputs = read_tree(folder)
    twin = build_tree(tmp_path / "twin", inputs)
    start = time.monotonic()
    assert shell(twin, "$GENERATE --no-init").code == 0
    took = time.monotonic() - start
    whole = read_tree(twin)
    moments = 24
    codes = []
    for moment in range(moments):
        place = build_tree(tmp_path / f"place{moment}", inputs)
        code, err = interrupted(place, "--no-init", 0.01 + took * 1.1 * moment / moments)
        assert "Traceback" not in err, (moment, err)
        codes.append(code)
        left = read_tree(place)
        if code == 130:
            assert err.endswith("interrupted\n"), (moment, err)
            assert left in (inputs, whole) or "generate-interrupted.tf" in " ".join(left), (moment, sorted(left))
        else:
            assert code in (0, -signal.SIGINT), (moment, err)
            assert left == whole or code != 0
        assert shell(place, "$GENERATE --no-init").code == 0
        assert read_tree(place) == whole
    assert codes.count(130) >= moments // 4, codes
