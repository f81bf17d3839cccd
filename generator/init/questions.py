"""The questions that belong to every topology, in the order in which they are asked."""

from collections.abc import Iterator

from generator import kinds
from generator.facts import EditionRules, load_facts, releases
from generator.init.keys import read_keys
from generator.init.presets import optional
from generator.init.world import World
from generator.kinds.kind import Kind
from generator.problems import listing
from generator.question import Question, Topic, chosen, one, several, shown, size_text, whole

_YES = {"yes": "yes", "y": "yes", "true": "yes", "no": "no", "n": "no", "false": "no"}

EXPOSURES = {
    "direct": "every node that serves the Internet has a public address of its own",
    "gateway": "one more machine has the only public address and forwards",
    "external": "your own router has the public address and forwards",
}
"""Ways in which the Internet reaches the nodes."""

EDITIONS = {"commercial": "needs a licence from Zextras", "community": "free"}


def _domain_text(value: object) -> str:
    """Accept a domain; leave names in other scripts as people read them."""
    ascii_text = str(kinds.DOMAIN.parse(value))
    text = str(value).lower().removesuffix(".")
    return text if text.isprintable() else ascii_text


def _domain(_: World) -> Question:
    kind = Kind(kinds.DOMAIN.expected, _domain_text)
    why = "Which domain gets mail? The nodes have names below it."
    return Question(title="Mail domain", why=why, read=one(kind), example="example.com")


def _cloud(world: World) -> Question:
    choices = {
        name: f"{cloud.capabilities.title}{', a hypervisor of your own' if cloud.capabilities.on_premises else ''}"
        for name, cloud in world.clouds.items()
    }
    return Question(
        title="Cloud",
        why="Where do the machines stand?",
        read=chosen(choices, "a cloud"),
        default=next(iter(choices)),
        choices=choices,
    )


def _region(world: World) -> Question:
    title, regions = world.cloud.capabilities.title, tuple(world.cloud_facts.regions)
    return Question(
        title="Region",
        why=f"Where at {title}? Close to the users is best.",
        read=chosen(regions, f"a region of {title}"),
        default=world.cloud.usual_region,
        words=regions,
        silent=len(regions) == 1,
    )


def _release(_: World) -> Question:
    names = {one.name: f"nodes run {one.default_os}" for one in reversed(list(releases().values()))}
    return Question(
        title="Carbonio release",
        why="Which release? Ports, roles and packages differ.",
        read=chosen(World.release_names(), "a release with a port table"),
        default=next(iter(names)),
        choices=names,
    )


def _limit(rules: EditionRules) -> str:
    most = f", at most {rules.max_nodes} node{'s' * (rules.max_nodes != 1)}" if rules.max_nodes else ""
    return most + (f", at least {rules.min_nodes} nodes" if rules.min_nodes > 1 else "")


def _edition(world: World) -> Question:
    release = next(one for one in releases().values() if one.name == World.release_names()[world.value("release")])
    choices = {str(name): EDITIONS.get(name, "") + _limit(rules) for name, rules in release.editions.items()}
    return Question(
        title="Edition",
        why="Which edition? Roles and the number of nodes depend on it.",
        read=chosen(choices, "an edition"),
        default=next(iter(choices)),
        choices=choices,
    )


def _scenario(world: World) -> Question:
    facts = load_facts(world.value("release"), world.value("edition"))
    choices = {scenario.id: scenario.title for scenario in facts.scenarios.values()}
    return Question(
        title="Scenario",
        why="Which documented set of nodes to start from?",
        read=chosen(choices, f"a scenario of Carbonio {facts.release.name} {facts.edition}"),
        default=next(iter(choices)),
        choices=choices,
        silent=len(choices) == 1,
    )


def _yes_or_no(title: str, why: str, *, there: bool) -> Question:
    def read(text: str) -> tuple[str, ...]:
        word = _YES.get(text.lower(), "")
        if not word:
            raise ValueError(f"{shown(text)} is neither yes nor no")
        if word == "yes" and not there:
            raise ValueError("the scenario does not have it")
        return (word,)

    return Question(title=f"{title}, yes or no", why=why, read=read, default="yes" if there else "no", silent=not there)


def _collaboration(world: World) -> Question:
    roles, video = optional(world.scenario.nodes)
    stays = " Without it, chats stay as long as there is video." if video and "chats" in roles else ""
    why = f"{listing(roles).replace(' or ', ' and ').capitalize()}, beside mail?{stays}"
    return _yes_or_no("Collaboration", why, there=bool(roles))


def _video(world: World) -> Question:
    _, there = optional(world.scenario.nodes)
    return _yes_or_no("Video", "A server for video meetings?", there=there)


MAIL_PROGRAMS: dict[str, tuple[str, ...]] = {
    "none": (),
    "imap": ("imaps", "submissions"),
    "pop3": ("pop3s", "submissions"),
    "both": ("imaps", "pop3s", "submissions"),
}
"""Services for programs that read and send mail, all with TLS from the start (RFC 8314)."""


def _mail_programs(world: World) -> Question:
    services = world.facts.services
    offered = {word: names for word, names in MAIL_PROGRAMS.items() if all(name in services for name in names)}
    choices = {
        word: " and ".join(f"{services[name].title} ({services[name].ports})" for name in names)
        or "the web client alone"
        for word, names in offered.items()
    }
    word_of = chosen(tuple(offered), "one of the answers")
    return Question(
        title="Mail programs",
        why="Which mail programs shall work from the Internet? The documents advise to open them only if needed.",
        read=lambda text: offered[word_of(text)[0]],
        default="none",
        choices=choices,
        silent=len(choices) == 1,
    )


def _users(_: World) -> Question:
    why = "How many mailboxes in all? The mail volumes follow from it."
    return Question(title="Users", why=why, read=whole(kinds.COUNT), default="150")


def _quota(_: World) -> Question:
    why = "How much may one hold? Mail volumes have room for users times quota."
    return Question(title="Quota of a mailbox", why=why, read=whole(kinds.SIZE, size_text), default="5 GB")


def _exposure(world: World) -> Question:
    title, offered = world.cloud.capabilities.title, world.cloud.capabilities.exposures
    return Question(
        title="Exposure",
        why="How does the Internet reach the nodes?",
        read=chosen(offered, f"an exposure that {title} offers"),
        default=offered[0],
        choices={name: EXPOSURES.get(name, "") for name in offered},
    )


def _dns(world: World) -> Question:
    default = world.cloud.capabilities.default_dns
    choices = {name: f"the zone is made at {name}" for name in world.dns_providers}
    choices["none"] = "hosted elsewhere: a zone file is written for whoever does"
    return Question(
        title="DNS",
        why="Who hosts the public zone of the domain?",
        read=chosen(choices, "a DNS provider"),
        default=default,
        choices=choices,
    )


def _management(_: World) -> Question:
    why = "From which IPv4 ranges do you administer? Nobody else reaches SSH and the Admin Panel. Several with commas."
    return Question(title="Administrators' ranges", why=why, read=several(kinds.NETWORK), example="198.51.100.0/24")


def _ssh_key(world: World) -> Question:
    return Question(
        title="SSH key",
        why="Which SSH key may log in to the nodes? The public key itself, or the file with it.",
        read=read_keys,
        default=world.key_file,
        example="~/.ssh/id_ed25519.pub",
    )


BEFORE = (
    Topic(option="domain", metavar="DOMAIN", help="mail domain", ask=_domain),
    Topic(option="cloud", metavar="NAME", help="where the machines stand", ask=_cloud, pivotal=True),
    Topic(option="region", metavar="NAME", help="region of the cloud", ask=_region, depends=True),
    Topic(option="release", metavar="RELEASE", help="Carbonio release (the newest)", ask=_release, pivotal=True),
    Topic(option="edition", metavar="NAME", help="commercial or community", ask=_edition, pivotal=True, depends=True),
    Topic(option="scenario", metavar="NAME", help="documented set of nodes", ask=_scenario, pivotal=True, depends=True),
    Topic(option="collaboration", metavar="", help="files, documents and the like", ask=_collaboration, depends=True),
    Topic(option="video", metavar="", help="video meetings", ask=_video, depends=True),
    Topic(
        option="mail-programs",
        metavar="NAME",
        help="none, imap, pop3 or both (none)",
        ask=_mail_programs,
        depends=True,
    ),
    Topic(option="users", metavar="NUMBER", help="mailboxes (150)", ask=_users),
    Topic(option="quota", metavar="SIZE", help="quota of a mailbox (5 GB)", ask=_quota),
    Topic(
        option="exposure",
        metavar="NAME",
        help="how the Internet reaches the nodes",
        ask=_exposure,
        pivotal=True,
        depends=True,
    ),
)
AFTER = (
    Topic(option="dns", metavar="NAME", help="who hosts the public zone (the cloud)", ask=_dns, depends=True),
    Topic(option="management", metavar="RANGES", help="IPv4 ranges of the administrators", ask=_management, joint=","),
    Topic(option="ssh-key", metavar="FILE-or-TEXT", help="public SSH key", ask=_ssh_key, joint="\n"),
)


def topics(world: World) -> Iterator[tuple[Topic, Question | None]]:
    """Yield every topic with its question, each after the one before was answered."""
    for topic in BEFORE:
        yield topic, topic.ask(world)
    for topic in world.cloud.topics:
        yield topic, topic.ask(world.draft)
    for topic in AFTER:
        yield topic, topic.ask(world)


def all_topics(world: World) -> tuple[Topic, ...]:
    """Return every topic that there is, of whatever cloud, each option once."""
    own = {topic.option: topic for cloud in world.clouds.values() for topic in cloud.topics}
    return (*BEFORE, *own.values(), *AFTER)
