"""Every example, served by a real name server and asked through a real resolver as it would be after apply."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.helpers import EXAMPLES, build_tree, run_cli
from tests.name_servers import HOST, authoritative, missing, resolver
from tests.verify.deployment import Deployment

LACKING = missing("nsd", "unbound")
pytestmark = [pytest.mark.skipif(bool(LACKING), reason=LACKING), pytest.mark.slow]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_right_after_apply(example: Path, tmp_path: Path) -> None:
    folder = build_tree(tmp_path / "mail", {"topology.yaml": (example / "topology.yaml").read_bytes()})
    assert run_cli(folder, "--no-init").code == 0
    zones = {path.stem: path.read_text("utf-8") for path in sorted((folder / "dns").glob("*.zone"))}
    symbols = sorted(set(re.findall(r"@@(.+?)@@", "".join(zones.values()))))
    addresses = {symbol: f"203.0.113.{number}" for number, symbol in enumerate(symbols, 101)}
    for symbol, address in addresses.items():
        zones = {name: text.replace(f"@@{symbol}@@", address) for name, text in zones.items()}
    dns = json.loads(run_cli(folder, "plan", "--json").out)["dns"]
    reverse = {**dns["ptr"], **dns["ptr_later"], **dns["ptr_elsewhere"]}
    assert reverse
    lines = [f"{addresses.get(one, one).rpartition('.')[2]} PTR {name}.\n" for one, name in reverse.items()]
    zones["113.0.203.in-addr.arpa"] = "".join(lines)
    (tmp_path / "addresses.json").write_text(json.dumps(addresses), "utf-8")
    with (
        authoritative(tmp_path / "nsd", zones) as port,
        resolver(tmp_path / "unbound", dict.fromkeys(zones, port)) as asked,
    ):
        words = ("--resolver", f"{HOST}:{asked}", "--addresses", str(tmp_path / "addresses.json"))
        rows = Deployment(folder, "").rows(*words, code=0)
    assert {row["status"] for row in rows} == {"ok", "skipped"}
    assert {row["check"] for row in rows if row["status"] == "skipped"} <= {"dkim"}
    assert {"mx", "spf", "dmarc", "ptr", "record"} <= {row["check"] for row in rows}
