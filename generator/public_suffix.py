"""Domains below which anybody registers, such as co.uk: nobody receives mail for one.

The list is that of publicsuffix.org, from the package publicsuffixlist. Its own reader builds an index of all rules,
which takes longer than everything else that a run does with a domain; whether one name is a rule takes no index.
"""

from functools import cache
from pathlib import Path

_PRIVATE = "// ===BEGIN PRIVATE DOMAINS==="
"""From here on the list names companies' domains, whose owners do receive mail."""


def is_public_suffix(domain: str) -> bool:
    """Say whether a domain is a registry's, by the rules of https://github.com/publicsuffix/list/wiki/Format.

    Args:
        domain: In small letters, other scripts as A-labels.
    """
    name = domain
    if "xn--" in domain:
        import idna

        name = idna.decode(domain)
    rules = _rules()
    parent = name.partition(".")[2]
    if not parent:
        return True
    return name in rules or (f"*.{parent}" in rules and f"!{name}" not in rules)


@cache
def _rules() -> frozenset[str]:
    import publicsuffixlist

    text = Path(publicsuffixlist.__file__).with_name("public_suffix_list.dat").read_text(encoding="utf-8")
    return frozenset(text.partition(_PRIVATE)[0].splitlines())
