"""Stage two: what is wrong with a topology, all at once, each with a rule id and a remedy."""

from generator.context import Context
from generator.problems import Finding
from generator.validate.acceptance import check_acceptance
from generator.validate.dns import check_dns
from generator.validate.gateway import check_gateway
from generator.validate.mail import check_mail
from generator.validate.network import check_network
from generator.validate.nodes import check_nodes
from generator.validate.premises import check_premises
from generator.validate.records import check_records
from generator.validate.release import check_systems
from generator.validate.resolve import resolve
from generator.validate.roles import check_roles
from generator.validate.services import check_services
from generator.validate.silence import check_silence
from generator.validate.state import check_state

__all__ = ["check", "resolve"]

RULES = (
    check_systems,
    check_nodes,
    check_roles,
    check_network,
    check_gateway,
    check_premises,
    check_services,
    check_dns,
    check_mail,
    check_records,
    check_state,
    check_silence,
    check_acceptance,
)


def check(context: Context) -> list[Finding]:
    """Return every finding of every rule about a resolved topology."""
    return [finding for rule in RULES for finding in rule(context)]
