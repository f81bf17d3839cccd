"""The pages of the rules, made from their registry."""

from collections.abc import Iterator

from generator.rules import Rule, page, rules

_HEAD = """\
# Rules

Made from generator/rules/rules.yaml by `script/docs`; `generate explain RULE` prints the same. Errors stop a run before
anything is written. Warnings do not, and may be silenced in the topology, each with its reason:

```yaml
silence:
  os-end-of-life: we move to 26.6 in May
```
"""


def rules_reference() -> str:
    """Return the text of docs/rules.md."""
    return "\n".join([_HEAD, *(line for rule in rules().values() for line in _section(rule))])


def _section(rule: Rule) -> Iterator[str]:
    title, *text = page(rule)
    yield f"## {rule.id}"
    yield ""
    yield f"{'Warning' if rule.warning else 'Error'}: **{title}**"
    for paragraph in text:
        yield ""
        yield f"<{paragraph}>" if paragraph.startswith("https://") else paragraph
    yield ""
