"""A ruleset of nftables, as the kernel understood it: loaded in an empty network namespace and listed as JSON."""

from __future__ import annotations

import functools
import json
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any, NamedTuple

from tests.oracle.groups import OracleError

Json = Mapping[str, Any]
Statements = tuple[Json, ...]

HOOKS = {"prerouting", "input", "forward", "output", "postrouting"}
PRIORITY_CONNTRACK = -200


class Chain(NamedTuple):
    """A chain; `hook` is empty for one that is only jumped to."""

    family: str
    table: str
    name: str
    type: str
    hook: str
    priority: int
    drops: bool
    rules: tuple[Statements, ...]


class Ruleset(NamedTuple):
    """All chains and all sets and maps, by family, table and name."""

    chains: Mapping[tuple[str, str, str], Chain]
    sets: Mapping[tuple[str, str, str], Json]

    def hooked(self, hook: str, type_: str) -> list[Chain]:
        """Return the base chains of a hook in the order in which packets meet them."""
        found = [chain for chain in self.chains.values() if (chain.hook, chain.type) == (hook, type_)]
        return sorted(found, key=lambda chain: chain.priority)

    def check_gap(self) -> None:
        """Check that no packet slips through while the rules of before are replaced by these.

        The kernel defers a new chain's policy until the transaction is finished, when the chains of before are gone
        already: nft_chain_commit_drop_policy in net/netfilter/nf_tables_api.c. Rules count at once.

        Raises:
            OracleError: A chain keeps packets out by its policy alone.
        """
        for chain in self.chains.values():
            if chain.drops and (not chain.rules or chain.rules[-1] != ({"drop": None},)):
                raise OracleError(f"{chain.name}: a policy alone keeps packets out")


def why_not() -> str:
    """Return why rulesets cannot be loaded here; empty when they can."""
    for program in ("nft", "unshare"):
        if not shutil.which(program):
            return f"no program {program}"
    return "" if _namespace() else "no network namespace with nftables can be made"


@functools.cache
def _namespace() -> tuple[str, ...]:
    """Return the command that makes a network namespace, with a user's own or as root; nothing if neither works."""
    for words in (("unshare", "--user", "--map-root-user", "--net"), ("unshare", "--net")):
        tried = subprocess.run([*words, "nft", "add table inet probe"], check=False, capture_output=True)
        if tried.returncode == 0:
            return words
    return ()


@functools.cache
def load(text: str) -> Ruleset:
    """Load a file for `nft -f` into a namespace of its own and return what the kernel has then.

    Args:
        text: Content of the file.

    Returns:
        The ruleset.

    Raises:
        OracleError: It does not load, or holds something that cannot be judged.
    """
    # Twice, as a reload: what the second one leaves is what counts.
    script = 'text=$(cat); load() { printf "%s\\n" "$text" | nft -f -; }; load && load && nft -j list ruleset'
    ended = subprocess.run(
        [*_namespace(), "sh", "-c", script], input=text, check=False, capture_output=True, text=True, timeout=60
    )
    if ended.returncode:
        raise OracleError(f"nft does not load it: {ended.stderr.strip()[-2000:]}")
    return parse(json.loads(ended.stdout))


def parse(document: Json) -> Ruleset:
    """Read what `nft -j list ruleset` printed.

    Args:
        document: Its content.

    Raises:
        OracleError: It holds something that cannot be judged.
    """
    chains: dict[tuple[str, str, str], Chain] = {}
    sets: dict[tuple[str, str, str], Json] = {}
    rules: dict[tuple[str, str, str], list[Statements]] = {}
    for entry in document["nftables"]:
        ((kind, content),) = entry.items()
        if kind in {"metainfo", "table"}:
            continue
        if kind == "chain":
            chain = _chain(content)
            chains[chain.family, chain.table, chain.name] = chain
        elif kind in {"set", "map"}:
            if {"timeout", "size", "dynamic"} & ({*content} | set(content.get("flags", []))):
                raise OracleError(f"a set that changes by itself: {content['name']}")
            sets[content["family"], content["table"], content["name"]] = content
        elif kind == "rule":
            rules.setdefault((content["family"], content["table"], content["chain"]), []).append(tuple(content["expr"]))
        else:
            raise OracleError(f"nftables object that the oracle does not know: {kind}")
    return Ruleset({key: chain._replace(rules=tuple(rules.get(key, ()))) for key, chain in chains.items()}, sets)


def _chain(content: Json) -> Chain:
    hook = content.get("hook", "")
    family, name = content["family"], content["name"]
    if family not in {"ip", "inet"}:
        raise OracleError(f"chain {name} of the family {family}")
    if hook and hook not in HOOKS:
        raise OracleError(f"chain {name} at the hook {hook}")
    if hook and content["type"] not in {"filter", "nat"}:
        raise OracleError(f"chain {name} of the type {content['type']}")
    return Chain(
        family,
        content["table"],
        name,
        content.get("type", ""),
        hook,
        content.get("prio", 0),
        content.get("policy") == "drop",
        (),
    )
