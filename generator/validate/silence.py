"""Warnings that the topology silences."""

from collections.abc import Iterator

from generator.context import Context
from generator.problems import Finding, few, nearest


def check_silence(context: Context) -> Iterator[Finding]:
    """Every silenced rule exists, and is a warning."""
    if not context.topology.silence:
        return
    from generator.rules import rules

    known = rules()
    warnings = [rule.id for rule in known.values() if rule.warning]
    for name in context.topology.silence:
        path = ("silence", name)
        if name not in known:
            hint = nearest(name, warnings)
            mend = "" if hint else f"The id stands in a warning's brackets, such as {few(warnings)} (docs/rules.md)."
            yield Finding("unknown-rule", path, f'"{name}" is not a rule{hint}', mend, key=True)
        elif not known[name].warning:
            why = f"{name} is an error, which is not silenced"
            yield Finding("not-a-warning", path, why, "Mend what it says, and remove this line.", key=True)
