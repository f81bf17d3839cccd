"""All files of the output folder."""

from collections.abc import Iterator

import msgspec

from generator.capabilities import DnsProvider, Provider
from generator.clouds.base import Cloud
from generator.context import Context
from generator.files import BACKEND_NAME, GeneratedFile, json_bytes
from generator.lockfile import LOCK_NAME, Lock
from generator.paths import MODULES, TEMPLATES
from generator.plan import Plan
from generator.problems import Finding
from generator.render.brief import MARK, brief, grows
from generator.render.cloudinit import BOUND, read_programs, sent_size, user_data
from generator.render.hand_over import hand_over
from generator.render.host_files import host_files
from generator.render.network_config import network_config
from generator.render.ssh import ssh_config
from generator.render.templates import environment
from generator.render.zone import zone_files

_OF_THE_CLOUD = ("main.tf", "variables.tf")
_COMMON = ("outputs.tf", "providers.tf", "versions.tf")


class Rendering(msgspec.Struct, frozen=True):
    """The files, sorted by path, and what the cloud would refuse about them."""

    files: tuple[GeneratedFile, ...]
    findings: tuple[Finding, ...]


def render(plan: Plan, lock: Lock, context: Context, cloud: Cloud, dns: DnsProvider) -> Rendering:
    """Render everything that `generate` writes."""
    findings: list[Finding] = []
    files = [
        *_root(plan, cloud, dns),
        GeneratedFile("terraform.tfvars.json", json_bytes(cloud.tfvars(plan, context))),
        *_modules(cloud, dns),
        *_node_files(plan, context, cloud, findings),
        *(GeneratedFile(f"dns/{zone.name}.zone", text.encode()) for zone, text in zone_files(plan)),
        *([GeneratedFile("dns/mta-sts.txt", plan.dns.sts_policy.encode())] if plan.dns.sts_policy else []),
        GeneratedFile("ssh_config", ssh_config(plan).encode()),
        GeneratedFile("hand-over.md", hand_over(plan).encode()),
        GeneratedFile(LOCK_NAME, lock.dump()),
    ]
    return Rendering(tuple(sorted(files)), tuple(findings))


def _root(plan: Plan, cloud: Cloud, dns: DnsProvider) -> Iterator[GeneratedFile]:
    providers: list[Provider] = sorted({*cloud.providers, *dns.providers})
    values: dict[str, object] = {
        "cloud_templates": cloud.templates,
        "dns_provider": plan.dns.provider,
        "providers": providers,
    }
    jinja = environment()
    for folder, names in ((cloud.templates, _OF_THE_CLOUD), ("common", _COMMON)):
        for name in names:
            yield GeneratedFile(name, jinja.get_template(f"{folder}/{name}.j2").render(values).encode())
    if plan.state is not None:
        values |= {"state": plan.state, "width": max(map(len, plan.state.settings))}
        yield GeneratedFile(BACKEND_NAME, jinja.get_template("common/backend.tf.j2").render(values).encode())


def _modules(cloud: Cloud, dns: DnsProvider) -> Iterator[GeneratedFile]:
    """Copy the modules in use, without their tests."""
    for module in sorted({*cloud.modules, *dns.modules}):
        folder = MODULES / module
        for path in sorted(folder.iterdir()):
            if path.suffix in (".tf", ".md"):
                yield GeneratedFile(f"modules/{module}/{path.name}", path.read_bytes())


def _node_files(plan: Plan, context: Context, cloud: Cloud, findings: list[Finding]) -> Iterator[GeneratedFile]:
    programs = read_programs(TEMPLATES / "node")
    template = environment().get_template("cloud-init/user-data.yaml.j2")
    devices: dict[str, dict[str, str]] = {}
    for volume in plan.volumes.values():
        path = cloud.capabilities.device_path.format(f"@@volume:{volume.key}@@")
        devices.setdefault(volume.node, {})[volume.purpose] = path
    texts: dict[str, str] = {}
    for name, host in plan.host_data.items():
        data = {**host, "files": host_files(plan, plan.nodes[name])}
        text = user_data(template, data, devices.get(name, {}), plan.deployment.ssh_keys, programs)
        if grows(plan, name) and sent_size(text) > BOUND:
            short = {**host, "files": host_files(brief(plan), plan.nodes[name]), MARK: True}
            text = user_data(template, short, devices.get(name, {}), plan.deployment.ssh_keys, programs)
        texts[name] = text
        yield GeneratedFile(f"cloud-init/{name}.yaml", text.encode())
        yield GeneratedFile(f"nodes/{name}.json", json_bytes(data))
        if plan.nodes[name].links:
            servers = plan.resolver.upstream if plan.resolver is not None else ()
            text = network_config(plan.nodes[name].links, servers)
            yield GeneratedFile(f"network-config/{name}.yaml", text.encode())
    findings += cloud.audit_user_data(texts, context)
