"""Where data about customers and people stand, over all rooms, and what an erasure does to each column: one table.

`tests/laws/test_personal_data.py` reads the catalogue of the database: a column of words that is named neither here nor
there fails. Conditions are SQL over the table's row `t`, with the subject's reference as %(ref)s.
"""

from collections.abc import Iterable, Iterator, Mapping

from closeknit.rooms.privacy.contracts import ACCOUNT, CONTACT, PERSON, DataClass, PersonalTable

OF_ACCOUNT = "t.account_number = %(ref)s"
OF_OTHERS = "t.account_number <> %(ref)s"
ANY = "true"
MENTIONED = {
    "text": "mentions",
    "mentions": "mentions",
    "json": "json-mentions",
    "json-mentions": "json-mentions",
    "bytes": "bytes",
    "bytes-mentions": "bytes-mentions",
}
"""How a column of an account loses what it says of somebody else."""
NAMED_ALONE = {
    "customers_intimacy_criteria": "adopted_by",
    "customers_tier_table": "adopted_by",
    "customers_touchpoint": "set_by",
    "decisions_exception": "ended_by_name reviewed_by_name",
    "demand_backtest": "asked_by",
    "demand_sharing_agreement": "ended_by_name",
    "sensing_conflict": "settled_by_name",
    "sensing_connector": "opened_by",
}
"""Where a person's name stands without its key: it goes where it is that name."""
NAMES_IT = "position(%(ref)s in {column}) > 0"


def personal_tables() -> dict[str, PersonalTable]:
    """Return every table with personal data, by a name of its own."""
    accounts = list(_of_accounts())
    listed = [*accounts, *_of_subjects(), *_of_contacts(accounts), *_of_people()]
    return {f"{table.kind}:{table.table}:{number}": table for number, table in enumerate(listed)}


def _about(
    table: str,
    data_class: DataClass,
    columns: Mapping[str, str],
    where: str = OF_ACCOUNT,
    known: tuple[str, ...] = (),
    **age: str,
) -> PersonalTable:
    return PersonalTable(table, ACCOUNT, data_class, where, columns, known, **age)


def _words(columns: str, how: str = "text") -> dict[str, str]:
    return dict.fromkeys(columns.split(), how)


def _of_accounts() -> Iterator[PersonalTable]:
    identity, notes, records = DataClass.IDENTITY, DataClass.NOTES, DataClass.RECORDS
    yield _about("customers_account", identity, _words("name tier_reason") | {"golden_fields": "json"}, known=("name",))
    yield _about("outcomes_board_line", identity, _words("name"), known=("name",))
    own = "t.kind = 'account' and (t.key = %(ref)s or t.body->>'account_number' = %(ref)s)"
    yield _about("sensing_fact", identity, _words("body", "json"), own, known=("body->>'name'",))
    yield _about("sensing_fact", identity, _words("body", "json-mentions"), "t.body->>'account_number' = %(ref)s")
    yield from _of_records(identity, notes)
    ended = "coalesce(t.ended_at, t.recorded_at)"
    yield _about("customers_insight", notes, _words("text sensitive_reason end_reason"), made=ended)
    yield _about("demand_override", notes, _words("reason end_reason"), made="t.made_at")
    yield _about("demand_assumption", notes, _words("statement verdict"), made="t.made_at")
    yield _about("demand_exception", notes, {"finding_text": "text", "causes": "json-mentions"})
    step = "t.exception_id in (select e.id from demand_exception e where e.account_number = %(ref)s)"
    yield _about("demand_exception_step", notes, _words("text"), step)
    yield _about("demand_forecast_run", notes, _words("adjustments", "json-mentions"), ANY)
    yield _about("capacity_claim_week", notes, _words("sentence", "mentions"))
    yield _about("capacity_pool_week", notes, _words("sentence", "mentions"), ANY)
    yield _about("capacity_pipeline_difference", notes, _words("resolution_text", "mentions"), ANY)
    yield _about("capacity_roster", notes, _words("reason", "mentions"), ANY)
    proposal = _words("title summary reason") | _words("before after effects verdicts question", "json")
    yield _about("decisions_proposal", records, proposal)
    yield _about("decisions_proposal", records, _words("effects", "json-mentions"), "t.account_number <> %(ref)s")
    answer = "t.proposal_id in (select p.id from decisions_proposal p where p.account_number = %(ref)s)"
    yield _about("decisions_proposal_answer", records, _words("reason"), answer)
    deviation = _words("allowed reason review_note deviates_from")
    yield _about("decisions_exception", records, deviation)
    yield _about("decisions_escalation", records, _words("title summary reason"))
    yield _about("decisions_escalation", records, _words("title summary reason", "mentions"), OF_OTHERS)
    climb = "t.escalation_id in (select e.id from decisions_escalation e where e.account_number = %(ref)s)"
    yield _about("decisions_escalation_step", records, _words("reason"), climb)
    duty = {"evidence": "bytes-mentions", "remark": "mentions"}
    yield _about("decisions_duty_occurrence", records, duty, "t.evidence is not null")
    yield _about("org_setting_value", records, _words("reason end_reason"), "t.level = 'account' and t.place = %(ref)s")
    messages, news = DataClass.MESSAGES, DataClass.NEWS
    yield _about("decisions_notice", messages, _words("title body"))
    yield _about("decisions_notice", messages, _words("title body", "mentions"), OF_OTHERS)
    yield _about("decisions_dispatch", messages, _words("outcome", "mentions"), ANY)
    for table, column in (("kernel_delivery", "last_error"), ("kernel_job_failure", "error")):
        yield _about(table, news, _words(column), NAMES_IT.format(column=f"t.{column}"))
        yield _about(table, news, _words(column, "mentions"), ANY)
    yield _about("kernel_job_failure", news, _words("arguments", "json-mentions"), ANY)
    yield _about("kernel_event", news, _words("body", "json-mentions"), ANY)
    yield _about("procrastinate_jobs", news, _words("args", "json-mentions"), ANY)
    raw = DataClass.RAW_INPUT
    quoted = "position('\"' || %(ref)s || '\"' in t.raw::text) > 0"
    refused = {"raw": "json", "reason": "text", "mended": "json", "settled_why": "text"}
    yield _about("sensing_quarantined", raw, refused, quoted, made="t.quarantined_at", by_age="row")
    partly = {"raw": "json-mentions", "reason": "mentions", "mended": "json-mentions", "settled_why": "mentions"}
    yield _about("sensing_quarantined", raw, partly, ANY)
    sampled = "position('\"' || %(ref)s || '\"' in t.rows::text) > 0"
    yield _about("sensing_sample", raw, _words("rows", "json"), sampled)
    yield _about("sensing_message", raw, _words("body", "bytes"), "t.body is not null")
    yield _about("sensing_connector", raw, _words("last_error", "mentions"), ANY)
    yield _about("sensing_conflict", raw, _words("one_says other_says sentence settled_why", "mentions"), ANY)
    yield _about("agreements_bend", notes, _words("request reason"))
    yield _about("agreements_bend", notes, _words("request reason", "mentions"), OF_OTHERS)
    need = _words("words heard_in process control finding agreed_with dropped_because")
    yield _about("agreements_need", notes, need)
    yield _about("agreements_need", notes, dict.fromkeys(need, "mentions"), OF_OTHERS)
    yield _about("agreements_work_event", raw, _words("reason", "mentions"), made="t.recorded_at")
    # No words, but laws that keep them: an erasure says so.
    yield _about("agreements_contract", DataClass.ACCOUNTING, {})
    yield _about("sensing_work", DataClass.ACCOUNTING, {})
    yield _about("sensing_work", raw, _words("details", "json"))


def _of_records(identity: DataClass, notes: DataClass) -> Iterator[PersonalTable]:
    """Yield what sources claim of an account, and what people said of it."""
    record = "t.record_id in (select r.id from customers_record r where r.account_number = %(ref)s)"
    either = record.replace("t.record_id", "t.first_id") + " or " + record.replace("t.record_id", "t.second_id")
    claims = {"fields": "json", "source_name": "mentions"}
    yield _about("customers_record_version", identity, claims, record, known=("fields->>'name'",))
    yield _about("customers_doubt", identity, _words("value"), record)
    yield _about("customers_dispute", identity, _words("value suggested text answer corrected"))
    yield _about("customers_match", identity, {"terms": "json", "reason": "text"}, either)
    merged = "t.kept_number = %(ref)s or t.absorbed_number = %(ref)s"
    yield _about("customers_merge", identity, _words("reason split_reason"), merged)
    yield _about("customers_record_link", identity, _words("sentence"))
    yield _about("customers_score", notes, _words("terms inputs", "json-mentions"))
    yield _about("customers_tier_week", notes, {"because": "mentions", "verdicts": "json-mentions"})
    yield _about("customers_value", notes, {"inputs": "json-mentions", "why_not": "mentions"})
    yield _about("customers_intimacy", notes, _words("domains", "json-mentions"))


def _of_subjects() -> Iterator[PersonalTable]:
    """Yield this room's own tables, which name any kind of subject."""
    for kind in (ACCOUNT, CONTACT, PERSON):
        where = f"t.subject_kind = '{kind}' and t.subject_ref = %(ref)s"
        for table, columns in (
            ("privacy_consent", "note"),
            ("privacy_request", "outcome verified_by extension_reason"),
            ("privacy_hold", "title reason release_reason"),
            ("privacy_refused_use", ""),
        ):
            gone = {} if kind == ACCOUNT else {"subject_ref": "pseudonym"}
            yield PersonalTable(table, kind, DataClass.NOTES, where, _words(columns) | gone)
        yield PersonalTable("privacy_consent", kind, DataClass.CONSENTS, where, {})


def _of_contacts(accounts: Iterable[PersonalTable]) -> Iterator[PersonalTable]:
    """Yield where a contact at a customer may be named: whatever tells of accounts, as far as it says its name."""
    for table in accounts:
        columns = {column: MENTIONED[how] for column, how in table.columns.items() if how in MENTIONED}
        if columns:
            yield PersonalTable(table.table, CONTACT, table.data_class, ANY, columns)


def _of_people() -> Iterator[PersonalTable]:
    """Yield the tables about those who work here: their own, and every column with a name beside a key."""
    from django.apps import apps

    people = DataClass.PEOPLE
    user = "t.{column} in (select p.user_id from org_person p where 'person:' || p.id = %(ref)s)"
    yield PersonalTable("org_person", PERSON, people, "'person:' || t.id = %(ref)s", _words("name"), known=("name",))
    yield PersonalTable(
        "auth_user",
        PERSON,
        people,
        user.format(column="id"),
        _words("first_name last_name email") | {"username": "pseudonym"},
    )
    yield PersonalTable("account_emailaddress", PERSON, people, user.format(column="user_id"), _words("email"))
    elsewhere = {"uid": "pseudonym", "extra_data": "json"}
    yield PersonalTable("socialaccount_socialaccount", PERSON, people, user.format(column="user_id"), elsewhere)
    for table, columns in NAMED_ALONE.items():
        yield PersonalTable(table, PERSON, people, ANY, _words(columns, "mentions"))
    sessions = {"address": "text", "browser": "text"}
    yield PersonalTable("kernel_session", PERSON, people, user.format(column="user_id"), sessions)
    mine = "t.person_key = %(ref)s"
    yield PersonalTable("decisions_notice_preference", PERSON, people, mine, _words("mail_address"))
    absent = "t.person_id in (select p.id from org_person p where 'person:' || p.id = %(ref)s)"
    yield PersonalTable("org_absence", PERSON, people, absent, _words("reason"))
    yield PersonalTable("org_saved_view", PERSON, people, absent, _words("name query"))
    for model in apps.get_models():
        named = {str(field.column) for field in model._meta.concrete_fields}
        for column in sorted(named):
            key = f"{column.removesuffix('_name')}_key"
            if column.endswith("_name") and key in named:
                where = f"t.{key} = %(ref)s"
                yield PersonalTable(model._meta.db_table, PERSON, people, where, {column: "text"})
