"""The command line: every refusal as designed, one JSON object in every case, schemas that programs may rely on."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cast import PASSWORD, enter
from tests.small_company import FOREIGN, build

import closeknit
from closeknit.web import boot, cli

PACKAGE = Path(closeknit.__file__).parent
SCHEMAS = {
    "closeknit.purposes/1",
    "closeknit.anonymised-copy/1",
    "closeknit.purpose/1",
    "closeknit.uses/1",
    "closeknit.consents/1",
    "closeknit.consent-receipt/1",
    "closeknit.refused-uses/1",
    "closeknit.data-requests/1",
    "closeknit.holds/1",
    "closeknit.retention/1",
    "closeknit.deletion-gate/1",
    "closeknit.erasures/1",
    "closeknit.data-extract/1",
    "closeknit.assumption/1",
    "closeknit.assumptions/1",
    "closeknit.override-preview/1",
    "closeknit.override-value/1",
    "closeknit.override/1",
    "closeknit.overrides/1",
    "closeknit.scenario/1",
    "closeknit.absence-ended/1",
    "closeknit.absence/1",
    "closeknit.absences/1",
    "closeknit.access/1",
    "closeknit.account/1",
    "closeknit.accounts/1",
    "closeknit.batch/1",
    "closeknit.batches/1",
    "closeknit.board/1",
    "closeknit.break-accepted/1",
    "closeknit.delegation-ended/1",
    "closeknit.delegation/1",
    "closeknit.delegations/1",
    "closeknit.demand-changes/1",
    "closeknit.demand-today/1",
    "closeknit.demo-company/1",
    "closeknit.deviations/1",
    "closeknit.duties-installed/1",
    "closeknit.duties-kept/1",
    "closeknit.duties/1",
    "closeknit.duty-calendar/1",
    "closeknit.duty-calendars/1",
    "closeknit.duty-due-date/1",
    "closeknit.duty-templates/1",
    "closeknit.duty-week/1",
    "closeknit.duty/1",
    "closeknit.erasure/1",
    "closeknit.escalation-paths/1",
    "closeknit.escalation/1",
    "closeknit.escalations-moved/1",
    "closeknit.escalations/1",
    "closeknit.exception/1",
    "closeknit.exceptions/1",
    "closeknit.feeds/1",
    "closeknit.intimacy-list/1",
    "closeknit.journey/1",
    "closeknit.touchpoint/1",
    "closeknit.intimacy/1",
    "closeknit.intimacy-kept/1",
    "closeknit.intimacy-criteria/1",
    "closeknit.intimacy-adopted/1",
    "closeknit.connectors/1",
    "closeknit.connector/1",
    "closeknit.hook-opened/1",
    "closeknit.pulled/1",
    "closeknit.demand-horizons/1",
    "closeknit.forecast-accuracy/1",
    "closeknit.forecast-branch/1",
    "closeknit.forecast-comparison/1",
    "closeknit.forecast-exception/1",
    "closeknit.forecast-exceptions/1",
    "closeknit.forecast-runs/1",
    "closeknit.forecast-sharing-agreement/1",
    "closeknit.forecast-sharing-log/1",
    "closeknit.forecast-sharing/1",
    "closeknit.shared-forecast/1",
    "closeknit.forecast-weeks/1",
    "closeknit.inbox/1",
    "closeknit.account-values/1",
    "closeknit.account-value/1",
    "closeknit.account-scores/1",
    "closeknit.account-score/1",
    "closeknit.tier-weeks/1",
    "closeknit.tier-table/1",
    "closeknit.tier-table-adopted/1",
    "closeknit.value-run/1",
    "closeknit.value-runs/1",
    "closeknit.value-replay/1",
    "closeknit.insight-authors/1",
    "closeknit.insight/1",
    "closeknit.insights/1",
    "closeknit.account-profile/1",
    "closeknit.account-merge/1",
    "closeknit.account-split/1",
    "closeknit.record-link/1",
    "closeknit.unlinked-records/1",
    "closeknit.record-matches/1",
    "closeknit.record-match/1",
    "closeknit.disputes/1",
    "closeknit.dispute/1",
    "closeknit.survivorship/1",
    "closeknit.survivorship-set/1",
    "closeknit.ledger-check/1",
    "closeknit.ledger-key/1",
    "closeknit.ledger/1",
    "closeknit.message/1",
    "closeknit.messages/1",
    "closeknit.need-today/1",
    "closeknit.notice-preferences/1",
    "closeknit.notices-read/1",
    "closeknit.notices/1",
    "closeknit.people/1",
    "closeknit.person-rights/1",
    "closeknit.person/1",
    "closeknit.pipeline-difference/1",
    "closeknit.pipeline-differences/1",
    "closeknit.pipeline/1",
    "closeknit.plan-run/1",
    "closeknit.account-buffers/1",
    "closeknit.buffers/1",
    "closeknit.dedicated/1",
    "closeknit.levels/1",
    "closeknit.offer/1",
    "closeknit.prices/1",
    "closeknit.quote-proposed/1",
    "closeknit.quote/1",
    "closeknit.quotes/1",
    "closeknit.request-price/1",
    "closeknit.scenarios/1",
    "closeknit.reassignment-proposed/1",
    "closeknit.roster/1",
    "closeknit.roster-published/1",
    "closeknit.roster-replay/1",
    "closeknit.roster-why-not/1",
    "closeknit.rosters/1",
    "closeknit.training/1",
    "closeknit.shortage/1",
    "closeknit.shortages/1",
    "closeknit.stock/1",
    "closeknit.stock-replay/1",
    "closeknit.account-stock/1",
    "closeknit.staff/1",
    "closeknit.scenario-comparison/1",
    "closeknit.plan/1",
    "closeknit.plans/1",
    "closeknit.policy-adopted/1",
    "closeknit.policy-versions/1",
    "closeknit.policy/1",
    "closeknit.pools/1",
    "closeknit.problem/1",
    "closeknit.proposal-detail/1",
    "closeknit.proposal/1",
    "closeknit.proposals/1",
    "closeknit.quarantine/1",
    "closeknit.lineage/1",
    "closeknit.row-lineage/1",
    "closeknit.conflict-rules/1",
    "closeknit.feed-conflict/1",
    "closeknit.feed-conflicts/1",
    "closeknit.freshness/1",
    "closeknit.recipe-check/1",
    "closeknit.recipe-preview/1",
    "closeknit.recipe-saved/1",
    "closeknit.recipe-versions/1",
    "closeknit.mended/1",
    "closeknit.set-aside/1",
    "closeknit.recipes/1",
    "closeknit.backtest/1",
    "closeknit.backtests/1",
    "closeknit.forecast-replay/1",
    "closeknit.replay/1",
    "closeknit.rights-change/1",
    "closeknit.sealed/1",
    "closeknit.sessions-ended/1",
    "closeknit.sessions/1",
    "closeknit.setting-value/1",
    "closeknit.setting/1",
    "closeknit.settings/1",
    "closeknit.sign-in-changed/1",
    "closeknit.sign-in/1",
    "closeknit.staffing-day/1",
    "closeknit.staffing/1",
    "closeknit.steward/1",
    "closeknit.stewards/1",
    "closeknit.sharing-rule/1",
    "closeknit.sharing-rules/1",
    "closeknit.terms/1",
    "closeknit.adherence/1",
    "closeknit.evidence-issued/1",
    "closeknit.bend-asked/1",
    "closeknit.bends/1",
    "closeknit.calendar-set/1",
    "closeknit.need/1",
    "closeknit.needs/1",
    "closeknit.expectations/1",
    "closeknit.contract-template/1",
    "closeknit.contract-templates/1",
    "closeknit.custom-contracts/1",
    "closeknit.calendars/1",
    "closeknit.chain-set/1",
    "closeknit.chains/1",
    "closeknit.clocks/1",
    "closeknit.contract-drafted/1",
    "closeknit.contract-proposed/1",
    "closeknit.contracts/1",
    "closeknit.work-clocks/1",
    "closeknit.thread-replay/1",
    "closeknit.tier-change/1",
    "closeknit.token/2",
    "closeknit.tokens-revoked/1",
    "closeknit.tokens/1",
    "closeknit.verified-numbers/1",
    "closeknit.webhook-created/1",
    "closeknit.webhook/1",
    "closeknit.webhooks/1",
    "closeknit.written/1",
}
"""Programs depend on these: a changed meaning is a new number, a new output a new line here."""
UUID = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def here(monkeypatch):
    """The command line within this process and its database."""
    monkeypatch.setattr(boot, "prepare", lambda **_: None)


@pytest.fixture
def company(db, tmp_path):
    return build(tmp_path)


def outcome(capsys, *words) -> tuple[int, str, str]:
    status = cli.main([str(word) for word in words])
    said = capsys.readouterr()
    return status, said.out, said.err


def one_object(text: str) -> dict:
    """The one JSON object on one line that a text is."""
    assert text.endswith("\n")
    assert text.count("\n") == 1
    found = json.loads(text)
    assert found["schema"] in SCHEMAS
    return found


def test_the_schemas_are_those_that_programs_know():
    found = set()
    for path in [*PACKAGE.rglob("cli.py"), *PACKAGE.rglob("cli/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words = node.value.split("/")
                if node.value.startswith("closeknit.") and len(words) == 2 and words[1].isdecimal():
                    found.add(node.value)
    assert found == SCHEMAS


def leaves(parser, prefix=()):
    """Every command that can be run: its words."""
    subs = [a for a in parser._actions if hasattr(a, "choices") and isinstance(a.choices, dict)]
    if not subs:
        yield prefix
    for action in subs:
        for name, child in action.choices.items():
            yield from leaves(child, (*prefix, name))


COMMANDS = sorted(" ".join(words) for words in leaves(cli.build_parser()))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_and_refuses_what_it_does_not_know(command, capsys):
    with pytest.raises(SystemExit) as done:
        cli.main([*command.split(), "--help"])
    assert done.value.code == 0
    assert "--json" in capsys.readouterr().out
    status, out, err = outcome(capsys, *command.split(), "--no-such-option", "--json")
    assert status == 2
    problem = one_object(out)
    assert (problem["schema"], problem["code"]) == ("closeknit.problem/1", "invalid")
    assert "Traceback" not in err


READING = (
    "demand accuracy warehouse",
    "demand changes warehouse",
    "demand compare-versions warehouse a b",
    "customers unlinked",
    "demand exceptions",
    "org people",
    "org person alice",
    "org access",
    "org delegations",
    "org absences",
    "org token list --everyone",
    "org sessions list alice",
    "org sign-in show alice",
    "org settings list",
    "org settings show capacity.handle_minutes_measured_from --region north",
    "org settings deviations",
    "decisions inbox",
    "decisions proposals",
    "decisions policy show",
    "decisions policy versions",
    "decisions exceptions list",
    "decisions notices list",
    "decisions notices preferences",
    "decisions webhooks list",
    "decisions webhooks messages",
    "decisions duties list",
    "decisions duties templates",
    "decisions ledger",
    "decisions ledger --kind plan.committed --limit 1",
    "decisions thread {thread}",
    "org stewards",
    "org sharing-rules",
    "sensing feeds",
    "customers intimacy list",
    "customers journey show",
    "customers intimacy criteria",
    "sensing connectors",
    "sensing batches",
    "sensing quarantine --limit 1",
    "sensing freshness",
    "sensing conflicts",
    "sensing lineage forecast {run}",
    "sensing lineage plan {plan}",
    "sensing recipes",
    "sensing recipes online-retail",
    "customers list --limit 1",
    "customers show ACME",
    "customers values list",
    "customers values show ACME",
    "customers values runs",
    "customers scores list",
    "customers scores show ACME",
    "customers tiers week",
    "customers tiers table",
    "customers insights list",
    "customers profile ACME",
    "customers matches list",
    "customers disputes list",
    "customers survivorship show",
    "customers insights authors",
    "agreements list --on 2026-03-02",
    "agreements contracts list",
    "agreements calendars list",
    "agreements adherence show ACME --from 2025-06-01 --until 2025-07-01",
    "agreements bends list",
    "agreements needs list",
    "agreements expectations",
    "agreements templates list",
    "agreements templates custom",
    "agreements expectations --account ACME",
    "agreements clocks list",
    "agreements chains list",
    "demand runs",
    "demand overrides",
    "demand override-value",
    "demand override-value --by author",
    "demand assumptions",
    "demand weeks warehouse",
    "demand horizons warehouse",
    "demand sharing",
    "demand sharing-log",
    "demand backtests",
    "demand replay {run}",
    "capacity pools",
    "capacity buffers warehouse",
    "capacity buffers --account ACME",
    "capacity prices warehouse",
    "capacity offer pickers --operation warehouse --units 1",
    "capacity dedicated strategic --operation warehouse",
    "capacity levels warehouse",
    "capacity training warehouse",
    "capacity shortages list",
    "capacity stock show",
    "capacity stock account ACME",
    "capacity rosters list",
    "capacity rosters staff pickers",
    "capacity plans",
    "capacity show {plan}",
    "capacity replay {plan}",
    "board --short --sort tier",
)


def test_every_reading_command_prints_text_or_one_object(company, here, capsys):
    for template in READING:
        words = template.format(plan=company.plan_id, thread=company.thread_id, run=company.run_id).split()
        status, out, err = outcome(capsys, *words)
        assert (status, err) == (0, ""), template
        assert out.strip(), template
        status, out, err = outcome(capsys, *words, "--json")
        assert (status, err) == (0, ""), template
        assert one_object(out)["schema"] != "closeknit.problem/1", template


REFUSED = (
    (2, "invalid", ""),
    (2, "invalid", "no-such-command"),
    (2, "invalid", "org"),
    (2, "invalid", "org no-such-verb"),
    (2, "invalid", "org token"),
    (2, "invalid", "board --limit 0"),
    (2, "invalid", "board --limit -1"),
    (2, "invalid", "board --limit 99999999999999999999"),
    (2, "invalid", "board --limit ²"),
    (2, "invalid", "customers list --limit many"),
    (2, "invalid", "decisions ledger --limit 0"),
    (2, "invalid", "sensing quarantine --limit 0"),
    (2, "invalid", "agreements list --on 2026-02-30"),
    (2, "invalid", "plan --as-of yesterday"),
    (2, "invalid", "plan --as-of 0001-01-01T00:00:00+23:00"),
    (2, "invalid", "plan --weeks x"),
    (2, "invalid", "capacity show not-a-plan"),
    (2, "invalid", "decisions approve x"),
    (2, "invalid", "board --json=yes"),
    (2, "invalid", "board --search \udcff"),
    (2, "invalid", "demo-company --accounts 1"),
    (2, "invalid", "demo-company --ends-on 2026-03-03"),
    (1, "not_found", "board --as nobody"),
    (1, "denied", "board --as dave"),
    (1, "denied", "plan --as bob"),
    (1, "denied", f"decisions approve {UUID}"),
    (1, "denied", f"decisions reject {UUID} --reason x"),
    (1, "invalid", f"decisions reject {UUID} --as carol"),
    (1, "not_found", f"decisions approve {UUID} --as carol"),
    (1, "not_found", f"decisions thread {UUID}"),
    (1, "not_found", f"capacity show {UUID}"),
    (1, "not_found", f"capacity replay {UUID}"),
    (1, "not_found", "customers show none"),
    (1, "not_found", f"customers show {FOREIGN} --as bob"),
    (1, "invalid", "customers list --tier gold"),
    (1, "invalid", "board --sort colour"),
    (1, "not_found", "demand weeks none"),
    (1, "not_found", "demand weeks warehouse --as bob"),
    (1, "invalid", "plan --operation none"),
    (1, "invalid", "plan --weeks 0"),
    (1, "invalid", "plan --weeks 27"),
    (1, "invalid", "plan --as-of 1999-01-01T00:00:00+00:00"),
    (1, "not_found", "agreements list --account none"),
    (1, "not_found", "agreements clocks list --account none"),
    (1, "invalid", "agreements adherence show ACME --from 2025-06-01 --until 2025-06-01"),
    (1, "not_found", "agreements adherence show none --from 2025-06-01 --until 2025-07-01"),
    (1, "invalid", "agreements contracts draft /no/such/file"),
    (1, "not_found", "load no-such-recipe ."),
    (1, "not_found", "load online-retail /no/such/path"),
    (1, "not_found", "sensing recipes none"),
    (1, "denied", "org token issue label"),
    (1, "denied", "org people --as alice"),
    (1, "invalid", "org add-person frida --name Frida --role king --password-stdin"),
    (1, "invalid", "org add-person frida --name Frida --password-stdin"),
    (1, "conflict", "org add-person dave --name Dave --password-stdin"),
)


def test_every_refusal_has_its_status_its_code_and_says_what_to_do(company, here, capsys, monkeypatch):
    import io

    for name in ("bob", "dave"):
        enter(name)
    found = []
    for _, code, command in REFUSED:
        words = command.split(" ") if command else ["--no-such-option"]
        for form in ([], ["--json"]):
            monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n" if "dave" in command else "short\n"))
            got, out, err = outcome(capsys, *words, *form)
            assert "Traceback" not in err, (command, err)
            assert "to do:" in err or "See:" in err or got == 1, (command, err)
            said = one_object(out)["code"] if form else code
            assert form or out == "", command
            found.append((got, said, command))
    assert found == [row for row in REFUSED for _ in range(2)]


def test_acting_as_a_person_is_named_as_the_way_out(company, here, capsys):
    _, out, _ = outcome(capsys, "decisions", "approve", UUID, "--json")
    assert "--as NAME" in one_object(out)["todo"]


def test_people_and_tokens_are_made_once_and_shown_as_objects(company, here, capsys, monkeypatch):
    import io

    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))
    words = ["org", "add-person", "greta", "--name", "Greta", "--role", "planner", "--password-stdin", "--json"]
    status, out, _ = outcome(capsys, *words)
    assert status == 0
    assert one_object(out)["username"] == "greta"
    assert PASSWORD not in out
    status, out, _ = outcome(capsys, "org", "token", "issue", "ci", "--as", "greta", "--json")
    assert one_object(out)["token"]["token"].startswith("ck_")


def test_a_fault_of_ours_is_an_object_too_and_its_trace_goes_to_standard_error(db, here, capsys, monkeypatch):
    from closeknit.rooms.outcomes import reads

    monkeypatch.setattr(reads, "list_board", lambda **_: 1 / 0)
    status, out, err = outcome(capsys, "board", "--json")
    assert status == 3
    assert one_object(out)["code"] == "error"
    assert "ZeroDivisionError" in err


def process(*words, **environment) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "closeknit.web.cli", *words],
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent), **environment},
        capture_output=True,
        timeout=240,
    )


@pytest.mark.parametrize("url", ["postgresql://x@127.0.0.1:1/x", "postgresql//x:secret@host/x"])
def test_without_a_database_the_answer_is_an_object_and_keeps_secrets(url):
    done = process("board", "--json", DATABASE_URL=url)
    assert done.returncode == 3
    assert one_object(done.stdout.decode())["code"] == "database_unavailable"
    assert b"Traceback" not in done.stderr
    assert b"secret" not in done.stdout + done.stderr


def test_letters_that_the_terminal_does_not_know_do_not_break_an_object():
    done = process(
        "sensing", "recipes", "online-retail", "--json", PYTHONIOENCODING="ascii", DATABASE_URL=url_of_test()
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
    assert json.loads(done.stdout)["schema"] == "closeknit.recipes/1"


def url_of_test() -> str:
    return os.environ["DATABASE_URL"]
