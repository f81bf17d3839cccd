"""Problems as SARIF, the form in which code hosts and editors take findings of any tool.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from collections.abc import Sequence
from urllib.parse import quote

from generator import __version__
from generator.problems import Problem
from generator.rules import Rule, page, rules

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif(problems: Sequence[Problem]) -> dict[str, object]:
    """Return a SARIF log with the problems, sorted by place, and the rules that they are about.

    Args:
        problems: With files relative to the root of the repository, where a code host is to show them there.
    """
    known = rules()
    found = sorted(problems)
    used = sorted({problem.rule for problem in found})
    driver = {
        "name": "generate",
        "semanticVersion": __version__,
        "rules": [_rule(known[name]) for name in used],
    }
    results = [_result(problem, used.index(problem.rule)) for problem in found]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": "\n\n".join(page(rule))},
        "defaultConfiguration": {"level": "warning" if rule.warning else "error"},
    }


def _result(problem: Problem, index: int) -> dict[str, object]:
    region = {
        "startLine": problem.line,
        "startColumn": problem.column,
        "endLine": problem.line,
        "endColumn": problem.column + problem.length,
    }
    place = {"artifactLocation": {"uri": quote(problem.file)}, "region": region}
    return {
        "ruleId": problem.rule,
        "ruleIndex": index,
        "level": problem.severity,
        "message": {"text": f"{problem.message}\n{problem.mend}".strip()},
        "locations": [{"physicalLocation": place}],
    }
