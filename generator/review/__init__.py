"""`generate review`: a change in the words of the domain.

`review` compares two deployments, and beside them a Terraform plan where there is one; `document` puts the result into
sections for people; `markdown`, `text` and `page` write them.
"""

import datetime as dt
from collections.abc import Collection

import msgspec

from generator.clouds import REGISTRY
from generator.plan import Plan
from generator.render.host_files import host_files
from generator.render.ssh import configure_command
from generator.review import policy
from generator.review.agreement import Agreement, expected_losses
from generator.review.cautions import accepted_for_long, cautions, widened
from generator.review.cost import cost_change
from generator.review.machines import machine_changes, volume_changes
from generator.review.model import Configure, Review
from generator.review.reach import reach_changes
from generator.review.records import record_changes
from generator.review.side import Side
from generator.review.summary import summary
from generator.review.terraform import TerraformPlan

__all__ = ["Review", "Side", "review"]


def review(
    before: Side | None,
    after: Side,
    terraform: TerraformPlan | None,
    *,
    base: str,
    partial: str = "",
    fail_on: Collection[str] = (),
    today: dt.date,
) -> Review:
    """Return what a change means.

    Args:
        before: What the change starts from; None where nothing was there, or where it cannot be planned.
        after: What it leads to.
        terraform: The plan of it; None where there is none.
        base: What the change starts from, in words.
        partial: Why `before` is missing although something was there.
        fail_on: Verdicts for which the review fails.
        today: For acceptances that end.
    """
    old, new = (None if before is None else before.plan), after.plan
    agreement = None if terraform is None else Agreement(terraform, before, after, list(REGISTRY.values()))
    # Without its beginning nothing can be said of a change; Terraform knows its own.
    known = after if not partial else None
    compared = None if known is None else known.plan
    records = record_changes(old, compared)
    accepted, earlier = ({} if side is None else side.context.topology.accept for side in (after, before))
    found = Review(
        format=1,
        base=base,
        fresh=before is None and not partial,
        terraform=terraform is not None,
        partial=partial,
        verdict="",
        judgements=(),
        disagreements=() if agreement is None else agreement.disagreements(),
        reach=reach_changes(old, compared),
        losses=expected_losses(before, new) if agreement is None else agreement.losses(),
        machines=machine_changes(old, compared, {} if agreement is None else agreement.happens()),
        volumes=volume_changes(old, compared),
        records=records,
        cost=cost_change(None if before is None else before.cost, None if known is None else known.cost),
        configure=tuple(Configure(node, configure_command(node)) for node in _to_configure(old, new)),
        cautions=(*cautions(before, after, records), *accepted_for_long(accepted, earlier, today)),
        beside=() if agreement is None else agreement.beside(),
    )
    judgements = policy.judge(_met(found, old, new), accepted, earlier, fail_on, today)
    found = msgspec.structs.replace(found, judgements=judgements)
    return msgspec.structs.replace(found, verdict=summary(found))


def _met(found: Review, before: Plan | None, after: Plan) -> dict[str, Collection[str]]:
    """Return what meets each verdict."""
    release = after.deployment.release
    return {
        "destroy-stateful": list(policy.destroyed(found.losses, stateful=True)),
        "destroy-machine": list(policy.destroyed(found.losses, stateful=False)),
        "new-internet-exposure": list(policy.internet(found.reach, found.disagreements)),
        "management-widened": () if before is None else widened(before, after),
        "management-narrowed": () if before is None else widened(after, before),
        "mail-dns": list(policy.of_mail(found.records, found.losses, found.disagreements)),
        "release-change": () if before is None or before.deployment.release == release else (release,),
        "plan-disagrees": list(policy.unasked(found.disagreements)),
    }


def _to_configure(before: Plan | None, after: Plan) -> list[str]:
    """Return the nodes that stay as machines and have new data, or a volume whose file system has to grow."""
    if before is None:
        return []
    stay = [
        name
        for name, node in after.nodes.items()
        if name in before.nodes and (before.nodes[name].os, before.nodes[name].address) == (node.os, node.address)
    ]
    grown = {
        volume.node
        for key, volume in after.volumes.items()
        if key in before.volumes and before.volumes[key].size_gib != volume.size_gib
    }
    return [name for name in stay if name in grown or _has_new_data(name, before, after)]


def _has_new_data(name: str, before: Plan, after: Plan) -> bool:
    if before.host_data[name] != after.host_data[name]:
        return True
    # Rendering is much work, and what it starts from is mostly the same.
    old, new = (_beginning(name, plan) for plan in (before, after))
    return old != new and host_files(before, before.nodes[name]) != host_files(after, after.nodes[name])


def _beginning(name: str, plan: Plan) -> tuple[object, ...]:
    """Return what the rendered files of a machine follow from."""
    resolver = plan.resolver if plan.resolver is not None and name in plan.resolver.addresses else None
    return plan.host_firewalls.get(name), plan.gateway if plan.nodes[name].is_gateway else None, resolver
