"""Domains below which anybody registers, such as co.uk: nobody receives mail for one.

The list is that of publicsuffix.org, from the package publicsuffixlist. Its own reader builds an index of all rules,
which takes longer than everything else that a run does with a domain; whether one name is a rule takes no index.
"""

from functools import cache
from pathlib import Path

_PRIVATE = b"// ===BEGIN PRIVATE DOMAINS==="
"""From here on the list names companies' domains, whose owners do receive mail."""


def is_public_suffix(domain: str) -> bool:
    """Say whether a domain is a registry's, by the rules of https://github.com/publicsuffix/list/wiki/Format.

    Args:
        domain: In small letters, other scripts as A-labels.
    """
    return _is_rule(domain, _rules(_REGISTRIES))


def organizational_domain(domain: str) -> str:
    """Return the domain below the public suffix, whose sub-domains belong together (RFC 7489, section 3.2).

    Companies' suffixes count as well: receivers of mail take the whole list.

    Args:
        domain: In small letters, other scripts as A-labels.
    """
    rules = _rules(_ALL)
    # An exception to a wildcard is a name that somebody has, such as city.kawasaki.jp.
    while f"!{domain}".encode() not in rules and not _is_rule(domain.partition(".")[2], rules):
        domain = domain.partition(".")[2]
    return domain


def is_elsewhere(domain: str, receiver: str) -> bool:
    """Say whether reports about a domain need the receiving domain's consent (RFC 7489, section 7.1)."""
    if domain == receiver or domain.endswith(f".{receiver}") or receiver.endswith(f".{domain}"):
        # Without the list, which takes milliseconds to read.
        return False
    return organizational_domain(domain) != organizational_domain(receiver)


def _is_rule(domain: str, rules: frozenset[bytes]) -> bool:
    name = domain
    if "xn--" in domain:
        import idna

        name = idna.decode(domain)
    parent = name.partition(".")[2]
    if not parent:
        return True
    return name.encode() in rules or (f"*.{parent}".encode() in rules and f"!{name}".encode() not in rules)


_REGISTRIES, _ALL = False, True


@cache
def _rules(all_of_them: bool) -> frozenset[bytes]:
    import publicsuffixlist

    # As bytes: of ten thousand lines a run asks for a few.
    data = Path(publicsuffixlist.__file__).with_name("public_suffix_list.dat").read_bytes()
    return frozenset((data if all_of_them else data.partition(_PRIVATE)[0]).splitlines())
