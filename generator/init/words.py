"""Words that can be answered, whatever was answered before: for shells that complete options."""

from generator.facts import load_cloud, load_facts, releases
from generator.init.questions import EDITIONS, MAIL_PROGRAMS
from generator.init.world import World


def words_by_option(world: World) -> dict[str, tuple[str, ...]]:
    """Return the words of every option that takes one of a few."""
    clouds = world.clouds
    every = [load_facts(one.name, edition) for one in releases().values() for edition in one.editions]
    words = {
        "cloud": [*clouds],
        "region": [region for name in clouds for region in load_cloud(name).regions],
        "release": [*world.release_names()],
        "edition": [*EDITIONS],
        "scenario": [scenario for facts in every for scenario in facts.scenarios],
        "mail-programs": [*MAIL_PROGRAMS],
        "exposure": [exposure for cloud in clouds.values() for exposure in cloud.capabilities.exposures],
        "dns": [*world.dns_providers, "none"],
    }
    return {option: tuple(dict.fromkeys(found)) for option, found in words.items()}
