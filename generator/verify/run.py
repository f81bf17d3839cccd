"""Asks all resolvers about everything, side by side, and joins what they say."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec

from generator.errors import SurroundingsError
from generator.plan import Plan
from generator.verify.ask import Client
from generator.verify.checkdmarc_bridge import library
from generator.verify.dmarc import judge_dmarc
from generator.verify.expect import expected, senders
from generator.verify.judge import in_full, judge_dkim, judge_mx, judge_record, judge_text
from generator.verify.model import Expected, Kind, Row, Senders, Verdict
from generator.verify.ptr import judge_ptr
from generator.verify.remedies import empty_zone, remedy
from generator.verify.resolvers import Server
from generator.verify.spf import judge_spf
from generator.verify.words import outcome_remedy, outcome_words

_THREADS = 16

_JUDGES: dict[Kind, Callable[[Expected, Client, Senders], Verdict]] = {
    "record": judge_record,
    "mx": judge_mx,
    "text": judge_text,
    "spf": judge_spf,
    "dmarc": judge_dmarc,
    "dkim": judge_dkim,
    "ptr": judge_ptr,
}


def verify(plan: Plan, addresses: Mapping[str, str], servers: Sequence[Server], timeout: float) -> list[Row]:
    """Return a row for each expected thing, what mail needs most first; several where resolvers say different things.

    Args:
        plan: The plan.
        addresses: Known addresses by symbol.
        servers: Whom to ask.
        timeout: Seconds for one question.

    Raises:
        SurroundingsError: No resolver answers, or a library is missing.
    """
    library()
    wanted = expected(plan, addresses)
    known = senders(plan, addresses)
    clients = [Client(server, timeout) for server in servers]
    jobs = [(index, client) for index, want in enumerate(wanted) if not want.told for client in clients]

    def judged(job: tuple[int, Client]) -> Verdict:
        index, client = job
        want = wanted[index]
        return in_full(want, _JUDGES[want.kind](want, client, known), client)

    with ThreadPoolExecutor(_THREADS, thread_name_prefix="verify") as pool:
        try:
            verdicts = dict(zip(jobs, pool.map(judged, jobs), strict=True))
        except BaseException:
            # What is under way ends by itself; nothing new begins.
            for client in clients:
                client.stop()
            raise
    living = [client for client in clients if client.spoke or not client.last]
    if not living:
        raise _nobody(clients)
    by_want: list[tuple[Expected, list[Row]]] = []
    for index, want in enumerate(wanted):
        if want.told:
            by_want.append((want, [_row(plan, want, Verdict("skipped", (), want.told), ())]))
            continue
        said = {client: verdicts[index, client] for client in living}
        by_want.append((want, _joined(plan, want, said, len(clients))))
    return _with_empty_zones(plan, _with_dark_zones(by_want)) + [
        _dead(client) for client in clients if client not in living
    ]


def _with_empty_zones(plan: Plan, by_want: Sequence[tuple[Expected, list[Row]]]) -> list[Row]:
    """Return the rows; where nothing of a zone is there, the zone is what has to be mended."""
    held = [want for want, _ in by_want if want.kind != "ptr" and not want.told]
    there = {
        want.zone
        for want, rows in by_want
        if want.kind != "ptr" and any(row.status not in ("missing", "skipped", "follows") for row in rows)
    }
    empty = {want.zone for want in held} - there
    found: list[Row] = []
    for want, rows in by_want:
        for row in rows:
            hint = row.status == "missing" and want.kind != "ptr" and want.zone in empty
            found.append(msgspec.structs.replace(row, remedy=empty_zone(plan, want.zone)) if hint else row)
    return found


def _with_dark_zones(by_want: Sequence[tuple[Expected, list[Row]]]) -> list[tuple[Expected, list[Row]]]:
    """Return the rows; where a resolver can say nothing of a whole zone, that is one row."""
    held = Counter(want.zone for want, _ in by_want if want.kind != "ptr" and not want.told)
    dark: dict[tuple[str, str], list[tuple[Expected, Row]]] = {}
    for want, rows in by_want:
        for row in rows:
            if row.status == "unresolved" and want.kind != "ptr":
                dark.setdefault((want.zone, _head(row.message)), []).append((want, row))
    gone: dict[int, Row | None] = {}
    for (zone, _), found in dark.items():
        if 1 < held[zone] == len(found):
            row = found[0][1]
            message = f"nothing is known of any of its {held[zone]} records: {row.message}"
            gone |= {id(one): None for _, one in found}
            gone[id(row)] = msgspec.structs.replace(row, check="zone", name=zone, type="", planned=(), message=message)
    return [(want, [said for row in rows if (said := gone.get(id(row), row))]) for want, rows in by_want]


def _head(message: str) -> str:
    """Return a message without what a server says beside it, which may name the question."""
    return re.sub(r" \[[^\]]*\]", "", message)


def _nobody(clients: Sequence[Client]) -> SurroundingsError:
    said = "; ".join(f"{client.server}: {outcome_words(client.last)}" for client in clients if client.last)
    last = clients[0].last
    return SurroundingsError(f"no resolver answers: {said}", outcome_remedy(last) if last else "")


def _dead(client: Client) -> Row:
    words, mend = (outcome_words(client.last), outcome_remedy(client.last)) if client.last else ("", "")
    return Row("resolver", str(client.server), "", "unresolved", (), (), words, mend, (str(client.server),))


def _joined(plan: Plan, want: Expected, verdicts: Mapping[Client, Verdict], asked: int) -> list[Row]:
    """Return one row where all say the same, else one for each thing said that is not right."""
    groups: dict[Verdict, list[Client]] = {}
    alike: dict[tuple[str, tuple[str, ...], str], Verdict] = {}
    for client, one in verdicts.items():
        first = alike.setdefault((one.status, one.found, _head(one.message)), msgspec.structs.replace(one, note=""))
        groups.setdefault(first, []).append(client)
    if len(groups) == 1 or {verdict.status for verdict in groups} == {"ok"}:
        verdict = next(iter(groups))
        notes = {
            f"{client.server}: {one.note}" if asked > 1 else one.note for client, one in verdicts.items() if one.note
        }
        message = "; ".join(filter(None, (verdict.message, *sorted(notes))))
        return [_row(plan, want, verdict, _names(verdicts), message)]
    right = [client for verdict, clients in groups.items() for client in clients if verdict.status == "ok"]
    rows = []
    for verdict, clients in groups.items():
        if verdict.status == "ok":
            continue
        where = f"at {', '.join(_names(clients))} only"
        others = f"; right at {', '.join(_names(right))}" if right else ""
        old = ""
        if right and verdict.status != "unresolved":
            old = f"It may still remember the former record: ask again in {want.ttl or 3600} s. If it stays: "
        message = "; ".join(filter(None, (where + others, verdict.message)))
        row = _row(plan, want, verdict, _names(clients), message)
        rows.append(msgspec.structs.replace(row, remedy=f"{old}{row.remedy}"))
    return rows


def _names(clients: Sequence[Client] | Mapping[Client, Verdict]) -> tuple[str, ...]:
    return tuple(str(client.server) for client in clients)


def _row(plan: Plan, want: Expected, verdict: Verdict, resolvers: tuple[str, ...], message: str | None = None) -> Row:
    return Row(
        check=want.kind,
        name=want.address or want.name,
        type=want.type,
        status=verdict.status,
        planned=want.values,
        found=verdict.found,
        message=verdict.message if message is None else message,
        remedy=remedy(plan, want, verdict),
        resolvers=resolvers,
    )
