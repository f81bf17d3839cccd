"""`generate init` at a terminal: what it asks, how it looks, and how it ends."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.helpers import build_tree, read_tree, run_cli
from tests.init.answers import BESIDE, KEY, NEEDED, options
from tests.init.terminal import CTRL_C, CTRL_D, at_terminal, converse

# Whatever has no default, by the beginning of its prompt.
PLAIN = {"Mail domain": "example.com", "Administrators' ranges": "198.51.100.0/24"}
ANSWERS: dict[str, tuple[dict[str, str], dict[str, str | bool]]] = {
    "defaults": (PLAIN, {**NEEDED, "cloud": "aws"}),
    "hypervisor": (
        {
            **PLAIN,
            "Cloud": "libvirt",
            "Carbonio release": "25.12",
            "Edition": "community",
            "Scenario": "full-standard",
            "Collaboration": "no",
            "Mail programs": "both",
            "Users": "40",
            "Quota": "2gb",
            "Exposure": "direct",
            "DNS": "route53",
            "Public addresses": "203.0.113.10, 203.0.113.11 203.0.113.12",
        },
        {
            **NEEDED,
            "cloud": "libvirt",
            "release": "25.12",
            "edition": "community",
            "scenario": "full-standard",
            "collaboration": False,
            "mail-programs": "both",
            "users": "40",
            "quota": "2 GB",
            "exposure": "direct",
            "dns": "route53",
            "public-address": "203.0.113.10,203.0.113.11,203.0.113.12",
        },
    ),
    "snapshot": (
        {**PLAIN, "Cloud": "hetzner", "Carbonio release": "24.1", "Video": "n", "Snapshot": "1234", "Region": "hel1"},
        {**NEEDED, "cloud": "hetzner", "release": "24.1", "video": False, "image": "1234", "region": "hel1"},
    ),
    "quota": (
        {**PLAIN, "Carbonio release": "25.12", "Scenario": "redundant", "Elastic IPs": "12"},
        {**NEEDED, "cloud": "aws", "release": "25.12", "scenario": "redundant", "elastic-ips": "12"},
    ),
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return build_tree(tmp_path / "home", {".ssh/id_ed25519.pub": f"{KEY}\n"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return build_tree(tmp_path / "mail", {})


def topology(folder: Path) -> str:
    return (folder / "topology.yaml").read_text("utf-8")


def names(folder: Path) -> list[str]:
    return [name for name in read_tree(folder) if name not in BESIDE]


@pytest.mark.parametrize("case", ANSWERS)
def test_answers_at_a_terminal_equal_options(case: str, folder: Path, home: Path, tmp_path: Path) -> None:
    answers, given = ANSWERS[case]
    with at_terminal(folder, "init", home=home) as person:
        prompts = converse(person, answers)
        assert person.end() == 0, person.text
    assert len(prompts) == len(set(prompts)), "nothing is asked twice"
    assert len(prompts) <= 17
    other = build_tree(tmp_path / "other", {})
    assert run_cli(other, "init", *options(given)).code == 0
    assert topology(folder) == topology(other)
    assert names(folder) == ["topology.yaml"]
    looks_well(person.text)


def looks_well(text: str) -> None:
    """Hold what everybody can read: 80 columns, and nothing that moves or colours."""
    assert not re.search(r"[^\n\x20-\x7e]", text)
    # What somebody typed is theirs.
    assert all(len(line) < 80 for line in text.splitlines() if KEY not in line)


def test_every_question_says_why_and_what_enter_means(folder: Path, home: Path) -> None:
    with at_terminal(folder, "init", home=home) as person:
        prompts = converse(person, PLAIN)
        assert person.end() == 0
    without = {prompt for prompt in prompts if not prompt.endswith("]: ")}
    assert without == {"Mail domain: ", "Administrators' ranges: "}
    lines = person.text.splitlines()
    for prompt in prompts:
        at = next(number for number, line in enumerate(lines) if line.startswith(prompt))
        above = lines[max(number for number in range(at) if not lines[number]) + 1 : at]
        assert above, prompt
        assert any(line.endswith((".", "?")) for line in above), above
    assert "SSH key [~/.ssh/id_ed25519.pub]: " in prompts


def test_what_is_given_is_not_asked(folder: Path, home: Path) -> None:
    words = options({"cloud": "hetzner", "domain": "example.com", "collaboration": False, "ssh-key": KEY})
    with at_terminal(folder, "init", *words, home=home) as person:
        prompts = converse(person, {"Administrators' ranges": "198.51.100.0/24"})
        assert person.end() == 0
    asked = {prompt.partition(" [")[0].rstrip(": ") for prompt in prompts}
    assert asked.isdisjoint({"Cloud", "Mail domain", "Collaboration, yes or no", "SSH key"})
    assert "Region" in asked


WRONG: dict[str, tuple[Sequence[str], str]] = {
    "Mail domain": (["", "nonsense", "a b.example", "-x.example", "example.com"], '"nonsense" is not a domain such as'),
    "Cloud": (["awz", "aws"], '"awz" is not a cloud; did you mean "aws"?'),
    "Region": (["eu-centrl-1", "eu-central-1"], '"eu-centrl-1" is not a region of AWS; did you mean "eu-central-1"?'),
    "Carbonio release": (["23.1", "25.12"], '"23.1" is not a release with a port table; did you mean "24.1"?'),
    "Edition": (["free", "commercial"], '"free" is not an edition; known are commercial or community'),
    "Scenario": (["six-nodes", "redundnt", "redundant"], 'did you mean "redundant"?'),
    "Collaboration": (["maybe", "YES"], '"maybe" is neither yes nor no'),
    "Mail programs": (["imaps", "imap"], '"imaps" is not one of the answers; did you mean "imap"?'),
    "Users": (["0", "1.5", "-3", "ten", "10000001", "10"], '"1.5" is not a whole number from 1 to 10 million'),
    "Quota": (["5", "5 XB", "5 GB"], '"5" is not a size such as 5 GB: a bare number has no unit'),
    "Exposure": (["external", "direct"], '"external" is not an exposure that AWS offers'),
    "Elastic IPs": (["many", "7"], '"many" is not a whole number'),
    "Administrators' ranges": (
        ["198.51.100.7/24", "2001:db8::/32", "office", "198.51.100.0/24"],
        "its host bits are set; the range is 198.51.100.0/24",
    ),
    "SSH key": (["nowhere.pub", ".", "private", "ssh-ed25519 AAAA", ""], "neither a public key nor a file"),
}


def test_a_wrong_answer_is_asked_again(folder: Path, home: Path) -> None:
    (folder / "private").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n", "utf-8")
    with at_terminal(folder, "init", home=home) as person:
        prompts = converse(person, {start: answers for start, (answers, _) in WRONG.items()})
        assert person.end() == 0, person.text
    unfolded = person.text.replace("\n", " ")
    for start, (answers, message) in WRONG.items():
        assert sum(prompt.startswith(start) for prompt in prompts) == len(answers), start
        assert message in unfolded, f"{message}: {person.text}"
    assert "holds a private key" in unfolded
    assert "c2VjcmV0" not in person.text
    looks_well(person.text)


def test_the_way_back(folder: Path, home: Path, tmp_path: Path) -> None:
    steps = [
        ("Mail domain: ", "<"),
        ("Mail domain: ", "exmaple.com"),
        ("Cloud [aws]: ", "<"),
        ("Mail domain [exmaple.com]: ", "example.com"),
        ("Cloud [aws]: ", ""),
        ("Region [eu-central-1]: ", "eu-west-1"),
        ("Carbonio release [26.6]: ", "back"),
        ("Region [eu-west-1]: ", "Back"),
        ("Cloud [aws]: ", "hetzner"),
        # What was answered for another cloud is none of this one's.
        ("Region [fsn1]: ", "hel1"),
        ("Carbonio release [26.6]: ", "23.1"),
        ("Carbonio release [26.6]: ", "<"),
        ("Region [hel1]: ", ""),
        ("Carbonio release [26.6]: ", ""),
    ]
    with at_terminal(folder, "init", "--users", "40", home=home) as person:
        for prompt, answer in steps:
            assert person.prompt() == prompt, person.text
            person.type(f"{answer}\n")
        assert "There is no question before this one." in person.text
        assert "< goes back to the question before" in person.text
        prompts = converse(person, {"SSH key": ["<", ""], "Administrators' ranges": ["198.51.100.0/24", ""]})
        assert person.end() == 0, person.text
    assert "Administrators' ranges [198.51.100.0/24]: " in prompts, "the answer before is offered again"
    looks_well(person.text)
    other = build_tree(tmp_path / "other", {})
    given = {**NEEDED, "cloud": "hetzner", "region": "hel1", "users": "40"}
    assert run_cli(other, "init", *options(given)).code == 0
    assert topology(folder) == topology(other)


def test_bytes_that_are_no_text_are_asked_again(folder: Path, home: Path) -> None:
    with at_terminal(folder, "init", home=home) as person:
        person.prompt()
        person.type("")
        os.write(person.master, b"caf\xe9.example\x1b[2J\n")
        person.prompt()
        assert '\\x1b[2J" is not a domain' in person.text
        converse(person, PLAIN)
        assert person.end() == 0


def test_what_the_rules_refuse_is_asked_again(folder: Path, home: Path) -> None:
    answers = {
        "Cloud": "hetzner",
        "Mail domain": ["mail.example.com", ""],
        "DNS": ["", "none"],
        "Administrators' ranges": ["0.0.0.0/0", "198.51.100.0/24"],
    }
    with at_terminal(folder, "init", home=home) as person:
        prompts = converse(person, answers)
        assert person.end() == 0, person.text
    assert "part of one" in re.sub(r"\s+", " ", person.text)
    assert "amounts to the Internet" in re.sub(r"\s+", " ", person.text)
    again = prompts[next(number for number, prompt in enumerate(prompts) if "mail.example.com" in prompt) :]
    assert [prompt.partition(" [")[0] for prompt in again][:2] == ["Mail domain", "DNS"]
    assert len(again) == 3, "what was right is not asked again"
    assert "domain: mail.example.com\n" in topology(folder)
    assert "dns: none\n" in topology(folder)


def test_volumes_that_no_disk_holds_are_asked_again(folder: Path, home: Path) -> None:
    answers = {**PLAIN, "Users": ["1000", "10"], "Quota": ["1 TB", "1 TB"]}
    with at_terminal(folder, "init", home=home) as person:
        converse(person, answers)
        assert person.end() == 0, person.text
    assert "users: 10\nmailbox_quota: 1 TB\n" in topology(folder)


LIBVIRT = {**PLAIN, "Cloud": "libvirt", "Public address": "203.0.113.10"}


def _count(folder: Path, home: Path) -> int:
    with at_terminal(folder, "init", "counted.yaml", home=home) as person:
        prompts = converse(person, LIBVIRT)
        assert person.end() == 0, person.text
    for name in read_tree(folder):
        (folder / name).unlink()
    return len(prompts)


@pytest.mark.slow
@pytest.mark.parametrize(("key", "code", "words"), [(CTRL_C, 130, "interrupted"), (CTRL_D, 2, "the input ended")])
def test_leaving_at_any_question_leaves_nothing(key: str, code: int, words: str, folder: Path, home: Path) -> None:
    for place in range(_count(folder, home)):
        with at_terminal(folder, "init", home=home) as person:
            for _ in range(place):
                prompt = person.prompt()
                own = next((text for start, text in LIBVIRT.items() if prompt.startswith(start)), "")
                person.type(f"{own}\n")
            assert person.prompt()
            before = len(person.text)
            person.type(key)
            assert person.end() == code, person.text
        said = [line for line in person.text[before:].splitlines() if line.strip("^CD\b ")]
        assert words in said[0]
        assert "nothing was written" in said[0]
        assert "Traceback" not in person.text
        assert read_tree(folder) == {}


def test_leaving_in_the_middle_of_a_line(folder: Path, home: Path) -> None:
    with at_terminal(folder, "init", home=home) as person:
        person.prompt()
        person.type(f"example.com{CTRL_D}{CTRL_D}")
        assert person.end() == 2
    assert "the input ended; nothing was written" in person.text
    assert read_tree(folder) == {}


def test_nothing_is_asked_where_a_topology_exists(folder: Path, home: Path) -> None:
    build_tree(folder, {"topology.yaml": "# mine\n"})
    with at_terminal(folder, "init", home=home) as person:
        assert person.prompt() == ""
        assert person.end() == 2
    assert "topology.yaml exists, and is never overwritten" in person.text
    assert read_tree(folder) == {"topology.yaml": b"# mine\n"}


def test_a_topology_that_came_in_the_meantime_stays(folder: Path, home: Path) -> None:
    with at_terminal(folder, "init", home=home) as person:
        person.prompt()
        build_tree(folder, {"topology.yaml": "# mine\n"})
        converse(person, PLAIN)
        assert person.end() == 2
    assert "exists, and is never overwritten" in person.text
    assert topology(folder) == "# mine\n"
    assert names(folder) == ["topology.yaml"]


def test_without_a_key_of_ones_own_there_is_no_default(folder: Path, tmp_path: Path) -> None:
    with at_terminal(folder, "init", home=build_tree(tmp_path / "empty", {})) as person:
        prompts = converse(person, {**PLAIN, "SSH key": ["", KEY]})
        assert person.end() == 0
    assert prompts[-2:] == ["SSH key: ", "SSH key: "]
