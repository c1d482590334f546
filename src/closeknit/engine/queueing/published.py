"""Results that others have published, computed again with the functions that users call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from closeknit.engine.queueing.erlang import erlang_b, erlang_b_load, erlang_c, required_lines
from closeknit.engine.queueing.performance import erlang_a, erlang_c_performance, queue_performance
from closeknit.engine.queueing.shrinkage import scheduled_agents
from closeknit.engine.queueing.staffing import required_agents
from closeknit.engine.queueing.system import halfin_whitt_wait_share, system_size_distribution
from closeknit.engine.queueing.waiting import waiting_time_distribution

HILLIER = "Hillier and Lieberman, Introduction to Operations Research, queueing chapter: the County Hospital"
PALM = "Mandelbaum and Zeltyn, Service engineering in action: the Palm/Erlang-A queue (2005), first table"
TABLES = "Any table of Erlang B"
ONE_SERVER = "Any textbook of queues: closed forms for one server"

Numbers = dict[str, float]


@dataclass(frozen=True, slots=True)
class PublishedResult:
    """A result from the literature: what was asked, and what its source prints, each number within `tolerance`."""

    name: str
    source: str
    question: str
    expected: Mapping[str, float]
    tolerance: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class CheckedResult:
    """A published result beside what is computed here."""

    result: PublishedResult
    computed: Mapping[str, float]
    agrees: bool


def check_published() -> tuple[CheckedResult, ...]:
    """Compute every result of `PUBLISHED` with the public functions and compare it with its source.

    Tolerance: half a unit of the last digit that the source prints, unless it's exact. Validity: the models are those
    of the sources. Source: named in each result.

    >>> checked = check_published()
    >>> len(checked) >= 15, all(one.agrees for one in checked)
    (True, True)
    """
    return tuple(_checked(result, compute()) for result, compute in _TABLE)


def _checked(result: PublishedResult, computed: Numbers) -> CheckedResult:
    agrees = computed.keys() == result.expected.keys() and all(
        abs(computed[name] - value) <= result.tolerance[name] for name, value in result.expected.items()
    )
    return CheckedResult(result=result, computed=MappingProxyType(computed), agrees=agrees)


def _line(servers: float, share: float) -> Callable[[], Numbers]:
    return lambda: {"erlangs": float(erlang_b_load(servers, share))}


def _hospital(doctors: int) -> Numbers:
    got = erlang_c_performance(doctors, 2.0, 20.0, 0.0)
    wait = float(got.mean_wait_minutes) / 60.0
    return {
        "empty": float(system_size_distribution(doctors, 2.0, 20.0, 0)[0]),
        "in the system": float(got.mean_in_system),
        "in the queue": float(got.mean_queue),
        "hours of waiting": wait,
        "hours in the system": wait + 1.0 / 3.0,
    }


def _hospital_tail() -> Numbers:
    longer = waiting_time_distribution(2, 2.0, 20.0, [0.0, 30.0, 60.0]).answered_longer_share
    return dict(zip(("at all", "half an hour", "an hour"), (float(share) for share in longer), strict=True))


def _patient_team() -> Numbers:
    got = erlang_c_performance(50, 2880.0, 1.0, 0.0)
    return {
        "wait": float(got.wait_share),
        "seconds of waiting": float(got.mean_wait_minutes) * 60.0,
        "in the queue": float(got.mean_queue),
        "occupancy": float(got.occupancy_share),
    }


def _impatient_team() -> Numbers:
    got = erlang_a(50, 2880.0, 1.0, 2.0)
    return {
        "give up": float(got.abandoned_share),
        "seconds of waiting": float(got.mean_wait_minutes) * 60.0,
        "in the queue": float(got.mean_queue),
        "occupancy": float(got.occupancy_share),
    }


def _half_hour() -> Numbers:
    need = required_agents(200.0, 3.0, 0.33, 0.8, 0.85)
    got = erlang_c_performance(need.agents, 200.0, 3.0, 0.33)
    return {
        "agents": float(need.agents),
        "answered in time": float(got.service_level_share),
        "occupancy": float(got.occupancy_share),
        "wait": float(got.wait_share),
    }


def _capped() -> Numbers:
    need = required_agents(1000.0, 2.0, 1 / 3, 0.8, 0.85)
    return {
        "agents": float(need.agents),
        "on the roster": float(scheduled_agents(need.agents, "3/10")),
        "answered in time": float(need.service_level_share),
        "seconds of waiting": float(need.mean_wait_minutes) * 60.0,
    }


def _impatient_half_hour(patience: float) -> Callable[[], Numbers]:
    def compute() -> Numbers:
        need = required_agents(200.0, 3.0, 1 / 3, 0.8, 0.85, patience_minutes=patience, max_abandoned_share=0.05)
        return {
            "agents": float(need.agents),
            "on the roster": float(scheduled_agents(need.agents, "3/10")),
            "answered in time": float(need.service_level_share),
            "give up": float(need.abandoned_share),
        }

    return compute


def _one_server() -> Numbers:
    got = erlang_c_performance(1, 0.9 * 60.0, 1.0, 0.0)
    return {"in the queue": float(got.mean_queue), "minutes of waiting": float(got.mean_wait_minutes)}


def _full_lobby() -> Numbers:
    got = queue_performance(1, 60.0, 1.0, lines=4)
    return {"turned away": float(got.blocked_share), "in the system": float(got.mean_in_system)}


def _result(name: str, source: str, question: str, tolerance: float | Numbers, **expected: float) -> PublishedResult:
    named = {key.replace("_", " "): value for key, value in expected.items()}
    each = dict.fromkeys(named, tolerance) if isinstance(tolerance, float) else tolerance
    return PublishedResult(name, source, question, MappingProxyType(named), MappingProxyType(dict(each)))


_TABLE: tuple[tuple[PublishedResult, Callable[[], Numbers]], ...] = (
    (
        _result("Erlang B, 2 lines", TABLES, "What share of 1 erlang do 2 lines turn away?", 1e-12, blocked=0.2),
        lambda: {"blocked": float(erlang_b(2, 1.0))},
    ),
    (
        _result("Erlang B, 5 lines", TABLES, "How many erlangs do 5 lines carry at 2 % blocked?", 5e-4, erlangs=1.657),
        _line(5, 0.02),
    ),
    (
        _result("Erlang B, 10 lines", TABLES, "How many erlangs do 10 lines carry at 1 %?", 5e-4, erlangs=4.461),
        _line(10, 0.01),
    ),
    (
        _result("Erlang B, 100 lines", TABLES, "How many erlangs do 100 lines carry at 2 %?", 5e-3, erlangs=87.97),
        _line(100, 0.02),
    ),
    (
        _result("Erlang B, fewest lines", TABLES, "How many lines carry 10 erlangs at 2 % blocked?", 1e-12, lines=17.0),
        lambda: {"lines": float(required_lines(10.0, 0.02))},
    ),
    (
        _result(
            "Emergency room, one doctor",
            HILLIER,
            "2 patients arrive an hour, a doctor treats 3 an hour: what does one doctor give?",
            1e-12,
            empty=1 / 3,
            in_the_system=2.0,
            in_the_queue=4 / 3,
            hours_of_waiting=2 / 3,
            hours_in_the_system=1.0,
        ),
        lambda: _hospital(1),
    ),
    (
        _result(
            "Emergency room, two doctors",
            HILLIER,
            "The same room with two doctors?",
            1e-12,
            empty=0.5,
            in_the_system=0.75,
            in_the_queue=1 / 12,
            hours_of_waiting=1 / 24,
            hours_in_the_system=3 / 8,
        ),
        lambda: _hospital(2),
    ),
    (
        _result(
            "Emergency room, long waits",
            f"{HILLIER}, its formula for the wait",
            "With two doctors, how probable is a wait longer than that?",
            5e-5,
            at_all=0.1667,
            half_an_hour=0.0226,
            an_hour=0.0031,
        ),
        _hospital_tail,
    ),
    (
        _result(
            "Fifty agents, nobody gives up",
            PALM,
            "48 calls a minute of one minute each, 50 agents: what do callers find?",
            {"wait": 5e-4, "seconds of waiting": 0.05, "in the queue": 0.5, "occupancy": 5e-4},
            wait=0.694,
            seconds_of_waiting=20.8,
            in_the_queue=17.0,
            occupancy=0.96,
        ),
        _patient_team,
    ),
    (
        _result(
            "Fifty agents, callers give up",
            PALM,
            "The same, with a mean patience of two minutes?",
            {"give up": 5e-4, "seconds of waiting": 0.05, "in the queue": 0.5, "occupancy": 5e-3},
            give_up=0.031,
            seconds_of_waiting=3.7,
            in_the_queue=3.0,
            occupancy=0.93,
        ),
        _impatient_team,
    ),
    (
        _result(
            "Square-root staffing, the limit",
            "Halfin and Whitt, Operations Research 29 (1981)",
            "Staffed one square root of the load above the load, what share waits in a very large team?",
            5e-7,
            wait=0.223361,
        ),
        lambda: {"wait": float(halfin_whitt_wait_share(1.0))},
    ),
    (
        _result(
            "Square-root staffing, 10,000 erlangs",
            "Halfin and Whitt, Operations Research 29 (1981)",
            "And in a team of 10,100 for 10,000 erlangs?",
            5e-5,
            wait=0.2248,
        ),
        lambda: {"wait": float(erlang_c(10_100, 10_000.0))},
    ),
    (
        _result(
            "A half hour of 100 calls",
            "pyworkforce, its own test of Erlang C",
            "100 calls in 30 minutes, 3 minutes each: how many agents answer 80 % in 0.33 minutes, at most 85 % busy?",
            {"agents": 0.0, "answered in time": 5e-4, "occupancy": 5e-4, "wait": 5e-4},
            agents=14.0,
            answered_in_time=0.888,
            occupancy=0.714,
            wait=0.174,
        ),
        _half_hour,
    ),
    (
        _result(
            "An hour of 1,000 calls",
            "call-center-tools, the example of its first page",
            "1,000 calls an hour of 2 minutes: how many agents, at most 85 % busy; on the roster at 30 % shrinkage?",
            {"agents": 0.0, "on the roster": 0.0, "answered in time": 5e-5, "seconds of waiting": 5e-3},
            agents=40.0,
            on_the_roster=58.0,
            answered_in_time=0.9372,
            seconds_of_waiting=3.43,
        ),
        _capped,
    ),
    (
        _result(
            "A half hour of 100 impatient calls",
            "pyworkforce, its guide to scenarios",
            "The half hour of 100 calls, with a mean patience of 3 minutes and at most 5 % giving up?",
            {"agents": 0.0, "on the roster": 0.0, "answered in time": 5e-5, "give up": 5e-5},
            agents=13.0,
            on_the_roster=19.0,
            answered_in_time=0.8751,
            give_up=0.0322,
        ),
        _impatient_half_hour(3.0),
    ),
    (
        _result(
            "One server, nine tenths busy",
            ONE_SERVER,
            "One server of one minute each, 0.9 erlangs: how long is the queue?",
            1e-10,
            in_the_queue=8.1,
            minutes_of_waiting=9.0,
        ),
        _one_server,
    ),
    (
        _result(
            "One server, a lobby for three",
            ONE_SERVER,
            "One server, three chairs, as much work as the server can do: what share is turned away?",
            1e-12,
            turned_away=0.2,
            in_the_system=2.0,
        ),
        _full_lobby,
    ),
    (
        _result(
            "Patience as long as handling",
            "Any table of the Poisson distribution, for then the number in the system is Poisson",
            "10 erlangs, 10 agents, patience of one handling time: what share has to wait?",
            5e-5,
            wait=0.5421,
        ),
        lambda: {"wait": float(erlang_a(10, 600.0, 1.0, 1.0).wait_share)},
    ),
)

PUBLISHED: tuple[PublishedResult, ...] = tuple(result for result, _ in _TABLE)
