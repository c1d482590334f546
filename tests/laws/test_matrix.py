"""Who gets which answer at every address of the program: one table, one row for each operation and page.

A route without a row fails here, and so does a row without a route. Columns are the statuses that nobody, Dave (no
role), Bob (sells, team North), Alice (plans), Carol (decides), Frank (audits) and Gina (reads for the customer ACME)
get. {curly} parts come from `small_company`; what follows "|" is the body, JSON for the API and a form for pages.
"""

import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.db import transaction
from django.test import Client
from tests.cast import enter
from tests.small_company import AT, build

PEOPLE = ("", "dave", "bob", "alice", "carol", "frank", "gina")
TABLE = """
GET  /api/v1/openapi.json                                                              200 200 200 200 200 200 200
GET  /api/v1/proposals                                                                 401 403 200 200 200 200 403
GET  /api/v1/proposals/{proposal_id}                                                   401 403 404 200 200 200 403
POST /api/v1/proposals/{proposal_id}/approve | {"reason":"Yes."}                       401 403 403 403 409 403 403
POST /api/v1/proposals/{proposal_id}/reject | {"reason":"No."}                         401 403 403 403 409 403 403
GET  /api/v1/inbox                                                                     401 403 200 200 200 200 403
GET  /api/v1/proposals/{proposal_id}/detail                                            401 403 404 200 200 200 403
POST /api/v1/proposals/{proposal_id}/withdraw | {"reason":"No."}                       401 403 404 409 403 403 403
GET  /api/v1/exceptions                                                                401 403 200 200 200 200 403
POST /api/v1/exceptions | {new_exception}                                              401 403 201 201 201 403 403
GET  /api/v1/exceptions/{exception_id}                                                 401 403 200 200 200 200 403
POST /api/v1/exceptions/{exception_id}/review | {"verdict":"end","reason":"So."}       401 403 200 200 200 403 403
GET  /api/v1/ledger/check                                                              401 403 403 200 200 200 403
GET  /api/v1/ledger/keys                                                               401 403 403 200 200 200 403
POST /api/v1/ledger/keys | {}                                                          401 403 403 403 403 403 403
POST /api/v1/ledger/keys/give-up | {"reason":"Lost."}                                  401 403 403 403 403 403 403
POST /api/v1/ledger/erasures | {"account_number":"ACME","reason":"Asked."}             401 403 403 403 403 403 403
POST /api/v1/ledger/breaks/{epoch}/accept | {"reason":"Known."}                        401 403 403 403 403 403 403
GET  /api/v1/policy                                                                    401 403 200 200 200 200 403
GET  /api/v1/policy/versions                                                           401 403 200 200 200 200 403
POST /api/v1/policy/check | {"text":"x"}                                               401 403 422 422 422 422 403
POST /api/v1/policy | {"text":"x","reason":"So."}                                      401 403 403 403 403 403 403
POST /api/v1/tier-changes | {"account_number":"ACME","tier":"key","reason":"So."}      401 403 201 201 201 403 403
GET  /api/v1/ledger                                                                    401 403 200 200 200 200 403
GET  /api/v1/ledger/seal                                                               401 403 200 200 200 200 403
GET  /api/v1/ledger/{entry_id}/receipt                                                 401 403 404 409 409 409 403
GET  /api/v1/threads                                                                   401 403 200 200 200 200 403
GET  /api/v1/threads/{thread_id}                                                       401 403 200 200 200 200 403
GET  /api/v1/threads/{thread_id}/replay                                                401 403 403 200 200 200 403
GET  /api/v1/feeds                                                                     401 403 403 200 200 200 403
GET  /api/v1/feeds/{name}                                                              401 403 403 200 200 200 403
GET  /api/v1/feeds/{name}/batches                                                      401 403 403 200 200 200 403
POST /api/v1/feeds/{name}/batches?stream=orders | {"order":"n1","account":"ACME"}      401 403 403 201 403 403 403
POST /api/v1/feeds/{name}/files?file_name=orders.csv | order,at,lines,account,amount   401 403 403 201 403 403 403
GET  /api/v1/feeds/{name}/quarantine                                                   401 403 403 200 200 200 403
GET  /api/v1/connectors                                                                401 403 403 200 200 200 403
GET  /api/v1/connectors/{connector_id}                                                 401 403 403 200 200 200 403
POST /api/v1/connectors/hooks | {"feed":"{feed}","stream":"orders"}                    401 403 403 201 403 403 403
POST /api/v1/connectors/pulls | {new_pull}                                             401 403 403 201 403 403 403
POST /api/v1/connectors/subjects | {new_subject}                                       401 403 403 201 403 403 403
POST /api/v1/connectors/{connector_id}/secret                                          401 403 403 201 403 403 403
POST /api/v1/connectors/{connector_id}/pull                                            401 403 403 404 403 403 403
POST /api/v1/connectors/{connector_id}/close | {"reason":"Over."}                      401 403 403 200 403 403 403
POST /api/v1/hooks/{connector_id} | {"order":"n2"}                                     401 401 401 401 401 401 401
GET  /api/v1/feeds/{name}/quarantine/reasons                                           401 403 403 200 200 200 403
GET  /api/v1/quarantine/{row_id}                                                       401 403 403 200 200 200 403
POST /api/v1/quarantine/{row_id}/mend | {"values":{"at":"2026-01-05T10:00:00"},"why":"So."} 401 403 403 200 403 403 403
POST /api/v1/feeds/{name}/quarantine/mend | {"code":"not-a-time","why":"So."}          401 403 403 200 403 403 403
POST /api/v1/quarantine/set-aside | {"row_ids":[{row_id}],"why":"So."}                 401 403 403 200 403 403 403
POST /api/v1/recipes/check | {"text":"x"}                                              401 403 403 200 200 200 403
POST /api/v1/recipes/preview | {"text":"x"}                                            401 403 403 200 200 200 403
GET  /api/v1/feeds/{name}/recipe                                                       401 403 403 200 200 200 403
GET  /api/v1/feeds/{name}/recipe/versions                                              401 403 403 200 200 200 403
POST /api/v1/feeds/{name}/recipe | {"text":"x","seen_version":"x","why":"So."}         401 403 403 422 403 403 403
GET  /api/v1/freshness                                                                 401 403 403 200 200 200 403
GET  /api/v1/freshness/{fresh_kind}?operation=warehouse                                401 403 403 200 200 200 403
GET  /api/v1/feed-conflicts                                                            401 403 403 200 200 200 403
GET  /api/v1/feed-conflicts/{conflict_id}                                              401 403 403 200 200 200 403
GET  /api/v1/feed-conflicts/{conflict_id}/rules                                        401 403 403 200 200 200 403
POST /api/v1/feed-conflicts/{conflict_id}/rule | {"feed":"another","why":"So."}        401 403 403 200 403 403 403
POST /api/v1/feed-conflicts/{conflict_id}/both-right | {"why":"So."}                   401 403 403 200 403 403 403
GET  /api/v1/lineage/rows?feed={name}&batch_id={batch_id}&line=2&file_number={file}    401 403 403 200 200 200 403
GET  /api/v1/lineage/{made_kind}/{plan_id}                                             401 403 403 200 200 200 403
GET  /api/v1/lineage/{made_kind}/{plan_id}/openlineage                                 401 403 403 200 200 200 403
GET  /api/v1/operations                                                                401 403 403 200 200 200 403
GET  /api/v1/accounts                                                                  401 403 200 200 200 200 200
GET  /api/v1/accounts/{account_number}                                                 401 403 200 200 200 200 200
GET  /api/v1/privacy/purposes                                                          401 403 200 200 200 200 403
POST /api/v1/privacy/purposes | {new_purpose}                                          401 403 403 403 403 403 403
GET  /api/v1/privacy/purposes/{purpose}                                                401 403 200 200 200 200 403
GET  /api/v1/privacy/uses?reference=ACME                                               401 403 200 200 200 200 403
GET  /api/v1/privacy/consents                                                          401 403 200 200 200 200 403
POST /api/v1/privacy/consents | {new_consent}                                          401 403 201 201 201 403 403
GET  /api/v1/privacy/receipts/{receipt_id}                                             401 403 200 200 200 200 403
GET  /api/v1/privacy/refused-uses                                                      401 403 200 200 200 200 403
GET  /api/v1/privacy/requests                                                          401 403 200 200 200 200 403
POST /api/v1/privacy/requests | {new_data_request}                                     401 403 201 201 201 403 403
POST /api/v1/privacy/requests/{request_id}/extend | {"until_on":"2099-01-01","reason":"So."} 401 403 403 403 403 403 403
POST /api/v1/privacy/requests/{request_id}/close | {"state":"refused","outcome":"So."} 401 403 403 403 403 403 403
GET  /api/v1/privacy/holds                                                             401 403 200 200 200 200 403
POST /api/v1/privacy/holds | {"title":"Case","reason":"So.","review_on":"2099-01-01"}  401 403 403 403 403 403 403
POST /api/v1/privacy/holds/{hold_id}/release | {"reason":"So."}                        401 403 403 403 403 403 403
GET  /api/v1/privacy/retention                                                         401 403 200 200 200 200 403
POST /api/v1/privacy/retention | {new_retention}                                       401 403 403 403 403 403 403
GET  /api/v1/privacy/gate                                                              401 403 200 200 200 200 403
GET  /api/v1/privacy/erasures                                                          401 403 200 200 200 200 403
POST /api/v1/privacy/erasures | {"reference":"ACME","reason":"Asked."}                 401 403 403 403 403 403 403
POST /api/v1/privacy/copies | {"operation":"warehouse"}                                401 403 403 403 403 403 403
GET  /api/v1/privacy/extract?reference=ACME                                            401 403 403 403 403 403 403
GET  /api/v1/intimacy                                                                  401 403 200 200 200 200 403
GET  /api/v1/intimacy/criteria                                                         401 403 200 200 200 200 403
POST /api/v1/intimacy/criteria | {"text":"x","reason":"So."}                           401 403 403 403 403 403 403
GET  /api/v1/intimacy/accounts/{account_number}                                        401 403 200 200 200 200 403
GET  /api/v1/account-profiles/{account_number}                                         401 403 200 200 200 200 403
GET  /api/v1/golden-numbers                                                            401 403 200 200 200 200 403
GET  /api/v1/account-merges?account_number=ACME                                        401 403 200 200 200 200 403
POST /api/v1/account-merges | {new_merge}                                              401 403 403 201 403 403 403
POST /api/v1/account-merges/{merge_id}/split | {"reason":"So."}                        401 403 403 200 403 403 403
GET  /api/v1/account-records/unlinked                                                  401 403 200 200 200 200 403
POST /api/v1/account-records/{record_id}/link | {"account_number":"ACME","reason":"A"} 401 403 403 204 403 403 403
GET  /api/v1/record-matches                                                            401 403 200 200 200 200 403
GET  /api/v1/record-matches/{match_id}                                                 401 403 404 200 200 200 403
POST /api/v1/record-matches/{match_id}/judge | {"verdict":"two","reason":"So."}        401 403 403 200 403 403 403
GET  /api/v1/survivorship                                                              401 403 200 200 200 200 403
POST /api/v1/survivorship | {new_rules}                                                401 403 403 201 403 403 403
GET  /api/v1/disputes                                                                  401 403 200 200 200 200 403
POST /api/v1/disputes | {"account_number":"ACME","field":"name","text":"So."}          401 403 201 201 201 201 201
GET  /api/v1/disputes/{dispute_id}                                                     401 403 200 200 200 200 403
GET  /api/v1/disputes/{dispute_id}/decisions                                           401 403 200 200 200 200 403
POST /api/v1/disputes/{dispute_id}/answer | {"answer":"So."}                           401 403 403 200 200 403 403
GET  /api/v1/account-values                                                            401 403 200 200 200 200 403
GET  /api/v1/account-value?account_number=ACME                                         401 403 200 200 200 200 403
POST /api/v1/account-values/refresh | {"on":"2026-03-02"}                              401 403 403 200 403 403 403
GET  /api/v1/account-scores                                                            401 403 200 200 200 200 403
GET  /api/v1/account-score?account_number=ACME                                         401 403 200 200 200 200 403
GET  /api/v1/tier-weeks                                                                401 403 200 200 200 200 403
GET  /api/v1/tier-table                                                                401 403 200 200 200 200 403
POST /api/v1/tier-table | {"text":"x","reason":"So."}                                  401 403 403 403 403 403 403
GET  /api/v1/value-runs                                                                401 403 200 200 200 200 403
GET  /api/v1/value-runs/{value_run_id}/replay                                          401 403 403 200 200 200 403
GET  /api/v1/journey?account_number={account_number}                                   401 403 200 200 200 200 403
POST /api/v1/journey/touchpoints | {new_touchpoint}                                    401 403 403 201 201 403 403
POST /api/v1/journey/touchpoints/{touchpoint_id} | {changed_touchpoint}                401 403 403 200 200 403 403
POST /api/v1/journey/touchpoints/{touchpoint_id}/end                                   401 403 403 200 200 403 403
GET  /api/v1/insights                                                                  401 403 200 200 200 200 403
POST /api/v1/insights | {new_insight}                                                  401 403 201 201 201 403 403
GET  /api/v1/insights/{insight_id}                                                     401 403 200 200 200 200 403
GET  /api/v1/insights/authors/{author_key}                                             401 403 200 200 200 200 403
POST /api/v1/insights/{insight_id}/withdraw | {"reason":"So."}                         401 403 200 200 200 403 403
POST /api/v1/insights/{insight_id}/renew | {"reason":"So."}                            401 403 200 200 200 403 403
POST /api/v1/insights/{insight_id}/settle | {"happened_share":1,"reason":"So."}        401 403 403 409 409 403 403
GET  /api/v1/terms                                                                     401 403 200 200 200 200 200
GET  /api/v1/contracts                                                                 401 403 200 200 200 200 403
POST /api/v1/contracts | {new_contract}                                                401 403 201 201 201 403 403
GET  /api/v1/contracts/{contract_id}                                                   401 403 200 200 200 200 403
POST /api/v1/contracts/{contract_id}/propose | {"reason":"So."}                        401 403 201 201 201 403 403
GET  /api/v1/business-calendars                                                        401 403 200 200 200 200 403
POST /api/v1/business-calendars | {new_calendar}                                       401 403 403 201 201 403 403
GET  /api/v1/chains                                                                    401 403 200 200 200 200 403
POST /api/v1/chains | {new_chain}                                                      401 403 403 201 201 403 403
GET  /api/v1/adherence?account_number=ACME&from_on=2025-06-01&until_on=2025-07-01      401 403 200 200 200 200 403
POST /api/v1/evidence-packs | {new_evidence}                                           401 403 201 201 201 201 403
GET  /api/v1/bends                                                                     401 403 200 200 200 200 403
GET  /api/v1/bend-policy?account_number=ACME                                           401 403 200 200 200 200 403
POST /api/v1/bends | {new_bend}                                                        401 403 201 201 201 403 403
GET  /api/v1/contract-templates                                                        401 403 200 200 200 200 403
POST /api/v1/contract-templates | {new_setup}                                          401 403 403 201 201 403 403
GET  /api/v1/contract-templates/{template_id}                                          401 403 200 200 200 200 403
POST /api/v1/contract-templates/{template_id}/apply | {new_onboarding}                 401 403 201 201 201 403 403
POST /api/v1/contract-templates/{template_id}/review | {need_review}                   401 403 403 200 200 403 403
POST /api/v1/contract-templates/{template_id}/retire | {"because":"So."}               401 403 403 200 200 403 403
GET  /api/v1/custom-contracts                                                          401 403 200 200 200 200 403
GET  /api/v1/expectations                                                              401 403 200 200 200 200 403
GET  /api/v1/expectations?account_number=ACME                                          401 403 200 200 200 200 403
GET  /api/v1/needs                                                                     401 403 200 200 200 200 403
POST /api/v1/needs | {new_need}                                                        401 403 201 201 201 403 403
GET  /api/v1/needs/{need_id}                                                           401 403 200 200 200 200 403
POST /api/v1/needs/{need_id}/measure | {need_measure}                                  401 403 200 200 200 403 403
POST /api/v1/needs/{measured_need}/agree | {"agreed_with":"Ann"}                       401 403 200 200 200 403 403
POST /api/v1/needs/{agreed_need}/propose | {need_propose}                              401 403 201 201 201 403 403
POST /api/v1/needs/{agreed_need}/review | {need_review}                                401 403 200 200 200 403 403
POST /api/v1/needs/{need_id}/drop | {"because":"So."}                                  401 403 200 200 200 403 403
GET  /api/v1/clocks                                                                    401 403 200 200 200 200 403
GET  /api/v1/work-clocks?operation=warehouse&work_key=ACME-0                           401 403 200 200 200 200 403
POST /api/v1/work-events | {new_work_event}                                            401 403 201 201 201 403 403
GET  /api/v1/forecasts                                                                 401 403 200 200 200 200 403
GET  /api/v1/forecasts/{run_id}                                                        401 403 200 200 200 200 403
GET  /api/v1/forecasts/{run_id}/branch                                                 401 403 200 200 200 200 403
GET  /api/v1/forecasts/{run_id}/branch?service=picking                                 401 403 404 200 200 200 403
GET  /api/v1/forecasts/{run_id}/series                                                 401 403 200 200 200 200 403
GET  /api/v1/forecasts/{run_id}/events                                                 401 403 404 200 200 200 403
GET  /api/v1/forecasts/{run_id}/replay                                                 401 403 403 200 200 200 403
GET  /api/v1/backtests                                                                 401 403 200 200 200 200 403
POST /api/v1/backtests | {new_backtest}                                                401 403 403 202 403 403 403
GET  /api/v1/backtests/{backtest_id}                                                   401 403 200 200 200 200 403
POST /api/v1/backtests/{backtest_id}/stop | {}                                         401 403 403 200 403 403 403
GET  /api/v1/forecasts/{run_id}/weeks                                                  401 403 404 200 200 200 403
GET  /api/v1/forecasts/{run_id}/weeks?account_number=ACME                              401 403 200 200 200 200 403
GET  /api/v1/forecast-accuracy?operation=warehouse                                     401 403 200 200 200 200 403
GET  /api/v1/forecast-accuracy/compare?operation=warehouse&before=a&after=b            401 403 200 200 200 200 403
GET  /api/v1/forecast-accuracy/versions?operation=warehouse                            401 403 200 200 200 200 403
GET  /api/v1/forecast-exceptions                                                       401 403 200 200 200 200 403
GET  /api/v1/forecast-exceptions/agreement                                             401 403 200 200 200 200 403
GET  /api/v1/forecast-exceptions/{finding_of}                                  401 403 200 200 200 200 403
GET  /api/v1/forecast-exceptions/{finding_of}/weeks                            401 403 200 200 200 200 403
GET  /api/v1/forecast-exceptions/{finding_of}/steps                            401 403 200 200 200 200 403
POST /api/v1/forecast-exceptions/{finding_of}/close | {"finding":"chance","text":"A"} 401 403 200 200 200 403 403
POST /api/v1/forecast-exceptions/{finding_of}/reopen | {"reason":"So."}        401 403 409 409 409 403 403
POST /api/v1/forecast-exceptions/{finding_of}/assign | {"to":"alice"}          401 403 200 200 200 403 403
POST /api/v1/forecast-exceptions/{finding_of}/comments | {"text":"So."}        401 403 200 200 200 403 403
GET  /api/v1/need-today?operation=warehouse                                            401 403 404 404 404 404 403
GET  /api/v1/demand-today?operation=warehouse                                          401 403 404 404 404 404 403
GET  /api/v1/demand-changes?operation=warehouse                                        401 403 200 200 200 200 403
GET  /api/v1/forecast-sharing                                                          401 403 403 200 200 200 403
GET  /api/v1/forecast-sharing/accesses                                                 401 403 403 200 200 200 403
POST /api/v1/forecast-sharing | {sharing_wanted}                                       401 403 403 201 201 403 403
POST /api/v1/forecast-sharing/{sharing_id}/export                                      401 403 403 200 200 403 403
POST /api/v1/forecast-sharing/{sharing_id}/end | {"reason":"So."}                      401 403 403 200 200 403 403
GET  /api/v1/demand-horizons?operation=warehouse                                       401 403 200 200 200 200 403
GET  /api/v1/forecasts/{run_id}/frozen-changes                                         401 403 404 200 200 200 403
GET  /api/v1/pipeline?operation=warehouse                                              401 403 200 200 200 200 403
GET  /api/v1/pipeline-differences                                                      401 403 200 200 200 200 403
GET  /api/v1/pipeline-differences/{difference_id}                                      401 403 404 200 200 200 403
POST /api/v1/pipeline-differences/{difference_id}/assign | {"to":"carol"}              401 403 403 200 200 403 403
GET  /api/v1/buffers?operation=warehouse                                               401 403 200 200 200 200 403
GET  /api/v1/buffers/account?account_number=ACME                                       401 403 200 200 200 200 403
GET  /buffers/                                                                         302 403 200 200 200 200 403
GET  /api/v1/level-loading?operation=warehouse                                         401 403 404 200 200 200 403
GET  /plans/levels/                                                                    302 403 200 200 200 200 403
GET  /api/v1/prices?operation=warehouse                                                401 403 200 200 200 200 403
POST /api/v1/prices/offer | {"operation":"warehouse","pool":"pickers","units":1}       401 403 404 200 200 200 403
GET  /prices/                                                                          302 403 200 200 200 200 403
GET  /prices/dedicated/                                                                302 403 200 200 200 200 403
GET  /api/v1/prices/dedicated?operation=warehouse&tier=strategic                       401 403 404 200 200 200 403
GET  /prices/offer/                                                                    302 403 200 200 200 200 403
GET  /api/v1/quotes                                                                     401 403 200 200 200 200 403
POST /api/v1/quotes | {quote_asked}                                                    401 403 200 200 200 403 403
POST /api/v1/quotes/guarantees | {guarantee_asked}                                       401 403 200 200 200 403 403
POST /api/v1/quotes/{quote_id}/propose | {quote_signing}                                401 403 201 201 201 403 403
GET  /api/v1/quotes/{quote_id}                                                         401 403 200 200 200 200 403
POST /api/v1/requests/price | {request_asked}                                          401 403 200 200 200 200 403
GET  /api/v1/staff                                                                     401 403 200 200 200 200 403
POST /api/v1/staff | {staff_file}                                                      401 403 403 200 403 403 403
GET  /api/v1/rosters                                                                   401 403 200 200 200 200 403
POST /api/v1/rosters | {"pool":"pickers"}                                              401 403 403 202 403 403 403
GET  /api/v1/rosters/{roster_id}                                                       401 403 404 200 200 200 403
GET  /api/v1/rosters/{roster_id}/why-not?person=P1&day_on=2026-03-02&shift=A           401 403 404 200 200 200 403
GET  /api/v1/rosters/{roster_id}/replay                                                401 403 404 200 200 200 403
POST /api/v1/rosters/{roster_id}/publish | {"reason":"So."}                            401 403 403 200 200 403 403
GET  /api/v1/training?operation=warehouse                                              401 403 404 200 200 200 403
GET  /api/v1/plan-scenarios                                                                  401 403 200 200 200 200 403
POST /api/v1/plan-scenarios | {scenario_asked}                                              401 403 403 200 403 403 403
GET  /api/v1/plan-scenarios/compare?scenario={scenario_id}                                  401 403 404 200 200 200 403
GET  /api/v1/plan-scenarios/{scenario_id}                                                   401 403 404 200 200 200 403
POST /api/v1/pipeline-differences/{difference_id}/settle | {difference_answer}         401 403 403 200 200 403 403
GET  /api/v1/forecasts/{run_id}/override-preview?{override_query}                 401 403 200 200 200 200 403
GET  /api/v1/forecasts/{run_id}/adjustments                                            401 403 200 200 200 200 403
GET  /api/v1/overrides                                                                 401 403 200 200 200 200 403
POST /api/v1/overrides | {new_override}                                                401 403 201 201 201 403 403
GET  /api/v1/overrides/{override_id}                                                   401 403 200 200 200 200 403
POST /api/v1/overrides/{override_id}/withdraw | {"reason":"So."}                       401 403 200 200 200 403 403
GET  /api/v1/override-value                                                            401 403 200 200 200 200 403
GET  /api/v1/assumptions                                                               401 403 200 200 200 200 403
POST /api/v1/assumptions | {new_assumption}                                            401 403 201 201 201 403 403
GET  /api/v1/assumptions/{assumption_id}                                               401 403 200 200 200 200 403
POST /api/v1/assumptions/{assumption_id}/withdraw | {"reason":"So."}                   401 403 200 200 200 403 403
POST /api/v1/scenarios | {"operation":"warehouse","scenario":"peak"}                   401 403 403 202 403 403 403
GET  /api/v1/pools                                                                     401 403 200 200 200 200 403
GET  /api/v1/plans                                                                     401 403 200 200 200 200 403
POST /api/v1/plans | {"operation":"warehouse"}                                         401 403 403 202 403 403 403
GET  /api/v1/plans/{plan_id}                                                           401 403 200 200 200 200 403
POST /api/v1/staffing | {"calls":9,"interval_minutes":30,"handle_minutes":3}           401 403 200 200 200 200 403
POST /api/v1/staffing/day | {new_day}                                                  401 403 200 200 200 200 403
GET  /api/v1/staffing/verified                                                         401 403 200 200 200 200 403
GET  /api/v1/plans/{plan_id}/weeks                                                     401 403 200 200 200 200 403
GET  /api/v1/plans/{plan_id}/claims                                                    401 403 200 200 200 200 403
GET  /api/v1/plans/{plan_id}/cells?pool=pickers&week_on=2026-03-02                     401 403 200 200 200 200 403
GET  /api/v1/plans/{plan_id}/replay                                                    401 403 403 200 200 200 403
GET  /api/v1/board                                                                     401 403 200 200 200 200 200
GET  /api/v1/board/not-in-force                                                        401 403 200 200 200 200 200
GET  /api/v1/notices                                                                   401 200 200 200 200 200 200
POST /api/v1/notices/{notice_id}/read | {}                                             401 404 200 404 404 404 404
POST /api/v1/notices/read-all | {"until_at":"2026-01-01T00:00:00Z"}                    401 200 200 200 200 200 200
GET  /api/v1/notices/preferences                                                       401 200 200 200 200 200 200
POST /api/v1/notices/preferences | {"mail":"all"}                                      401 200 200 200 200 200 200
GET  /api/v1/webhooks                                                                  401 403 403 403 403 403 403
POST /api/v1/webhooks | {"name":"N","url":"https://a.example"}                         401 403 403 403 403 403 403
GET  /api/v1/webhooks/messages                                                         401 403 403 403 403 403 403
POST /api/v1/webhooks/messages/{dispatch_id}/replay | {}                               401 403 403 403 403 403 403
GET  /api/v1/webhooks/{endpoint_id}                                                    401 403 403 403 403 403 403
POST /api/v1/webhooks/{endpoint_id}/change | {"url":"https://a.example/"}              401 403 403 403 403 403 403
POST /api/v1/webhooks/{endpoint_id}/test | {}                                          401 403 403 403 403 403 403
POST /api/v1/webhooks/{endpoint_id}/disable | {"reason":"So."}                         401 403 403 403 403 403 403
POST /api/v1/webhooks/{endpoint_id}/enable | {}                                        401 403 403 403 403 403 403
GET  /api/v1/duties                                                                    401 403 200 200 200 200 403
POST /api/v1/duties | {new_duty}                                                       401 403 403 201 201 403 403
GET  /api/v1/duties/templates                                                          401 403 200 200 200 200 403
POST /api/v1/duties/templates/install | {}                                             401 403 403 201 201 403 403
GET  /api/v1/duties/due                                                                401 403 200 200 200 200 403
GET  /api/v1/duties/due/{occurrence_id}                                                401 403 404 200 200 200 403
POST /api/v1/duties/due/{occurrence_id}/sign | {signature}                             401 403 404 200 403 403 403
POST /api/v1/duties/{duty_id}/assign | {"owner":"role:auditor","reason":"So."}         401 403 403 200 200 403 403
POST /api/v1/duties/{duty_id}/end | {"reason":"So."}                                   401 403 403 200 200 403 403
GET  /api/v1/escalations                                                               401 403 200 200 200 200 403
GET  /api/v1/escalations/{escalation_id}                                               401 403 200 200 200 200 403
POST /api/v1/escalations/{escalation_id}/acknowledge | {"reason":""}                   401 403 403 200 200 403 403
POST /api/v1/escalations/{escalation_id}/hand-back | {"reason":"No."}                  401 403 403 409 409 403 403
POST /api/v1/escalations/{escalation_id}/reassign | {"to":"alice","reason":"So."}      401 403 403 200 200 403 403
POST /api/v1/escalations/{escalation_id}/close | {"reason":"Done."}                    401 403 403 200 200 403 403
GET  /api/v1/escalation-paths                                                          401 403 200 200 200 200 403
POST /api/v1/escalation-paths | {"paths":"x","reason":"So."}                           401 403 403 403 403 403 403
GET  /api/v1/escalation-paths/{path}/versions                                          401 403 200 200 200 200 403
GET  /api/v1/duty-calendars                                                            401 403 200 200 200 200 403
POST /api/v1/duty-calendars | {"calendar":"n","title":"N","time_zone":"UTC"}           401 403 403 201 201 403 403
GET  /api/v1/duty-calendars/{calendar}                                                 401 403 200 200 200 200 403
POST /api/v1/duty-calendars/{calendar}/shifts | {new_shift}                            401 403 403 201 201 403 403
POST /api/v1/duty-calendars/{calendar}/shifts/{shift_id}/end | {"until_on":"2099-01-01"} 401 403 403 200 200 403 403
POST /api/v1/duty-calendars/{calendar}/swaps | {new_swap}                              401 403 403 201 201 403 403
GET  /api/v1/tokens                                                                    401 200 200 200 200 200 200
POST /api/v1/tokens | {"label":"x"}                                                    401 201 201 201 201 201 201
POST /api/v1/tokens/{token_id}/revoke                                                  401 404 404 404 404 404 404
GET  /api/v1/sessions                                                                  401 200 200 200 200 200 200
POST /api/v1/sessions/end | {}                                                         401 200 200 200 200 200 200
GET  /sign-in/                                                                         200 302 302 302 302 302 302
GET  /sign-in/code/                                                                    302 302 302 302 302 302 302
POST /sign-in/with/{provider_id}/                                                      404 404 404 404 404 404 404
GET  /sign-in/with/{provider_id}/back/                                                 404 404 404 404 404 404 404
GET  /sign-in/again/                                                                   302 200 200 200 200 200 200
GET  /sign-in/again/code/                                                              302 302 302 302 302 302 302
GET  /you/                                                                             302 200 200 200 200 200 200
GET  /you/password/                                                                    302 200 200 200 200 200 200
POST /you/sessions/end/                                                                302 302 302 302 302 302 302
POST /you/tokens/issue/ | label=x&scope=accounts.read                                  302 403 200 200 200 200 200
POST /you/tokens/{token_id}/revoke/                                                    302 404 404 404 404 404 404
POST /you/look/ | theme=dark&density=compact                                           302 302 302 302 302 302 302
POST /you/views/keep/ | place=board&name=Short&query=only_short=on                      302 302 302 302 302 302 302
POST /you/views/{view_id}/forget/                                                      302 404 404 404 404 404 404
GET  /you/authenticator/                                                               302 302 302 302 302 302 302
GET  /you/authenticator/remove/                                                        302 404 404 404 404 404 404
GET  /you/codes/                                                                       302 404 404 404 404 404 404
GET  /you/codes/new/                                                                   302 302 302 302 302 302 302
POST /sign-out/                                                                        302 302 302 302 302 302 302
GET  /                                                                                 302 200 200 200 200 200 200
GET  /work/                                                                            302 403 403 200 200 200 403
POST /work/{delivery_id}/replay/                                                       302 403 403 403 403 403 403
GET  /tiles/work/                                                                      302 403 403 200 200 200 403
GET  /tiles/agenda/                                                                    302 403 200 200 200 200 403
GET  /inbox/                                                                           302 403 200 200 200 200 403
GET  /proposals/{proposal_id}/                                                         302 403 404 200 200 200 403
POST /proposals/{proposal_id}/withdraw/ | reason=No.                                   302 403 404 409 403 403 403
GET  /ledger/check/                                                                    302 403 403 200 200 200 403
GET  /ledger/keys/                                                                     302 403 403 200 200 200 403
POST /ledger/keys/replace/ | x=1                                                       302 403 403 403 403 403 403
POST /ledger/keys/erase/ | account=ACME&reason=Asked                                   302 403 403 403 403 403 403
POST /ledger/keys/give-up/ | reason=Lost                                               302 403 403 403 403 403 403
POST /ledger/keys/accept-break/ | epoch=1&reason=Known                                 302 403 403 403 403 403 403
POST /policy/adopt/ | text=x&reason=So                                                 302 403 403 403 403 403 403
GET  /policy/                                                                          302 403 200 200 200 200 403
GET  /privacy/                                                                         302 403 200 200 200 200 403
POST /privacy/purposes/adopt/ | purpose=x                                              302 403 403 403 403 403 403
GET  /privacy/consents/                                                                302 403 200 200 200 200 403
POST /privacy/consents/record/ | {consent_form}                                        302 403 302 302 302 403 403
GET  /privacy/receipts/{receipt_id}/                                                   302 403 200 200 200 200 403
GET  /privacy/requests/                                                                302 403 200 200 200 200 403
POST /privacy/requests/record/ | {data_request_form}                                   302 403 302 302 302 403 403
POST /privacy/requests/{request_id}/extend/ | until_on=2099-01-01&reason=So.           302 403 403 403 403 403 403
POST /privacy/requests/{request_id}/close/ | state=refused&outcome=So.                 302 403 403 403 403 403 403
GET  /privacy/holds/                                                                   302 403 200 200 200 200 403
POST /privacy/holds/place/ | title=Case                                                302 403 403 403 403 403 403
POST /privacy/holds/{hold_id}/release/ | reason=So.                                    302 403 403 403 403 403 403
GET  /privacy/keeping/                                                                 302 403 200 200 200 200 403
POST /privacy/keeping/adopt/ | data_class=notes                                        302 403 403 403 403 403 403
POST /privacy/keeping/erase/ | reference=ACME                                          302 403 403 403 403 403 403
GET  /privacy/copies/                                                                  302 403 200 200 200 200 403
POST /privacy/copies/draw/ | operation=warehouse                                       302 403 403 403 403 403 403
GET  /tiles/account-privacy/?account=ACME                                              302 403 200 200 200 200 403
GET  /accounts/{account_number}/profile/                                               302 403 200 200 200 200 403
POST /accounts/{account_number}/merge/ | {merge_form}                                  302 403 403 302 403 403 403
GET  /accounts/{account_number}/wrong/                                                 302 403 200 200 200 200 200
POST /accounts/{account_number}/wrong/report/ | field=name&text=So.                    302 403 302 302 302 302 302
POST /merges/{merge_id}/split/ | reason=So.                                            302 403 403 302 403 403 403
POST /records/{record_id}/give/ | account_number=ACME&reason=So.                        302 403 403 302 403 403 403
GET  /matches/                                                                         302 403 200 200 200 200 403
GET  /matches/{match_id}/                                                              302 403 404 200 200 200 403
POST /matches/{match_id}/judge/ | verdict=two&reason=So.                               302 403 403 302 403 403 403
GET  /disputes/                                                                        302 403 200 200 200 200 403
GET  /disputes/{dispute_id}/                                                           302 403 200 200 200 200 403
POST /disputes/{dispute_id}/answer/ | verdict=stands&answer=So.                        302 403 403 302 302 403 403
GET  /survivorship/                                                                    302 403 200 200 200 200 403
POST /survivorship/set/ | {rules_form}                                                 302 403 403 302 403 403 403
GET  /values/                                                                          302 403 200 200 200 200 403
POST /values/refresh/                                                                  302 403 403 302 403 403 403
GET  /tiers/                                                                           302 403 200 200 200 200 403
POST /tiers/adopt/ | text=x&reason=So.                                                 302 403 403 403 403 403 403
GET  /tiles/account-worth/?account=ACME                                                302 403 200 200 200 200 403
GET  /insights/                                                                        302 403 200 200 200 200 403
GET  /insights/new/                                                                    302 403 200 200 200 403 403
POST /insights/record/ | {insight_form}                                                302 403 302 302 302 403 403
GET  /insights/{insight_id}/                                                           302 403 200 200 200 200 403
GET  /insights/authors/{author_key}/                                                   302 403 200 200 200 200 403
POST /insights/{insight_id}/withdraw/ | reason=So.                                     302 403 302 302 302 403 403
POST /insights/{insight_id}/renew/ | reason=So.                                        302 403 302 302 302 403 403
POST /insights/{insight_id}/settle/ | happened=100%25&reason=So.                       302 403 403 409 409 403 403
GET  /tiles/account-insights/?account=ACME                                             302 403 200 200 200 200 403
GET  /demand/pipeline/                                                                 302 403 200 200 200 200 403
GET  /quotes/                                                                          302 403 200 200 200 200 403
POST /quotes/{quote_id}/propose/ | {quote_signing_form}                                   302 403 302 302 302 403 403
POST /quotes/make/ | {quote_form}                                                      302 403 302 302 302 403 403
POST /quotes/make-guarantee/ | {guarantee_form}                                          302 403 302 302 302 403 403
GET  /quotes/request/                                                                  302 403 200 200 200 200 403
GET  /quotes/{quote_id}/                                                               302 403 200 200 200 200 403
GET  /api/v1/stock                                                                     401 403 200 200 200 200 403
POST /api/v1/stock | {"operation":"warehouse"}                                         401 403 403 422 403 403 403
GET  /api/v1/stock/{stock_plan_id}/items                                               401 403 404 200 200 200 403
GET  /api/v1/stock/account?account_number=ACME                                         401 403 200 200 200 200 403
GET  /stock/                                                                           302 403 200 200 200 200 403
POST /stock/size/ | operation=warehouse                                                302 403 403 422 403 403 403
GET  /api/v1/shortages                                                                 401 403 200 200 200 200 403
POST /api/v1/shortages | {"operation":"warehouse"}                                     401 403 403 200 403 403 403
GET  /api/v1/shortages/{shortage_id}                                                   401 403 200 200 200 200 403
POST /api/v1/shortages/{shortage_id}/propose | {"reason":"So."}                        401 403 404 409 409 403 403
GET  /shortages/                                                                       302 403 200 200 200 200 403
POST /shortages/open/ | operation=warehouse                                            302 403 403 302 403 403 403
GET  /shortages/{shortage_id}/                                                         302 403 200 200 200 200 403
POST /shortages/{shortage_id}/propose/ | reason=So.                                    302 403 404 409 409 403 403
GET  /rosters/                                                                         302 403 200 200 200 200 403
GET  /rosters/training/                                                                302 403 200 200 200 200 403
POST /rosters/start/ | pool=pickers&weeks=1                                            302 403 403 302 403 403 403
POST /rosters/staff/ | {staff_form}                                                    302 403 403 302 403 403 403
GET  /rosters/progress/{thread_id}/                                                    302 403 200 200 200 200 403
GET  /rosters/{roster_id}/                                                             302 403 404 200 200 200 403
POST /rosters/{roster_id}/publish/ | reason=So.                                        302 403 403 302 302 403 403
GET  /plans/scenarios/                                                                       302 403 200 200 200 200 403
POST /plans/scenarios/save/ | operation=warehouse&name=More&preset=surge                     302 403 403 302 403 403 403
GET  /plans/scenarios/compare/?scenario={scenario_id}                                        302 403 404 200 200 200 403
GET  /plans/differences/                                                               302 403 200 200 200 200 403
GET  /plans/differences/{difference_id}/                                               302 403 404 200 200 200 403
POST /plans/differences/{difference_id}/assign/ | to=carol                             302 403 403 302 302 403 403
POST /plans/differences/{difference_id}/settle/ | resolution=accepted&text=So.         302 403 403 302 302 403 403
GET  /tiles/pipeline-differences/                                                      302 403 200 200 200 200 403
GET  /exceptions/                                                                      302 403 200 200 200 200 403
GET  /exceptions/new/                                                                  302 403 200 200 200 403 403
POST /exceptions/request/ | {exception_form}                                           302 403 302 302 302 403 403
GET  /exceptions/{exception_id}/                                                       302 403 200 200 200 200 403
POST /exceptions/{exception_id}/review/ | verdict=end&reason=So.                       302 403 302 302 302 403 403
GET  /tiles/exceptions/                                                                302 403 200 200 200 200 403
GET  /accounts/{account_number}/tier/                                                  302 403 200 200 200 403 403
POST /accounts/{account_number}/tier/propose/ | tier=key&reason=So.                    302 403 302 302 302 403 403
GET  /ledger/                                                                          302 403 200 200 200 200 403
GET  /ledger/{entry_id}/receipt/                                                       302 403 404 409 409 409 403
GET  /threads/                                                                         302 403 200 200 200 200 403
GET  /threads/{thread_id}/                                                             302 403 200 200 200 200 403
GET  /threads/{thread_id}/replay/                                                      302 403 403 200 200 200 403
POST /proposals/{proposal_id}/decide/ | answer=approve                                 302 403 403 403 409 403 403
GET  /tiles/inbox/                                                                     302 403 200 200 200 200 403
GET  /tiles/proposal/?subject=plan:{plan_id}                                           302 403 200 200 200 200 403
GET  /tiles/account-decisions/?account=ACME                                            302 403 200 200 200 200 403
GET  /notices/                                                                         302 200 200 200 200 200 200
POST /notices/read-all/ | until=2026-01-01T00:00:00Z                                   302 302 302 302 302 302 302
GET  /notices/preferences/                                                             302 200 200 200 200 200 200
POST /notices/preferences/save/ | {preferences_form}                                   302 302 302 302 302 302 302
POST /notices/{notice_id}/read/                                                        302 404 302 404 404 404 404
GET  /tiles/notices/                                                                   302 200 200 200 200 200 200
GET  /webhooks/                                                                        302 403 403 403 403 403 403
POST /webhooks/create/ | name=N&url=https://a.example/                                 302 403 403 403 403 403 403
GET  /webhooks/{endpoint_id}/                                                          302 403 403 403 403 403 403
POST /webhooks/{endpoint_id}/change/ | url=https://a.example/                          302 403 403 403 403 403 403
POST /webhooks/{endpoint_id}/test/                                                     302 403 403 403 403 403 403
POST /webhooks/{endpoint_id}/disable/ | reason=So.                                     302 403 403 403 403 403 403
POST /webhooks/{endpoint_id}/enable/                                                   302 403 403 403 403 403 403
POST /webhooks/messages/{dispatch_id}/replay/                                          302 403 403 403 403 403 403
GET  /duties/                                                                          302 403 200 200 200 200 403
POST /duties/add/ | {duty_form}                                                        302 403 403 302 302 403 403
POST /duties/install/ | template=metric-audit                                          302 403 403 302 302 403 403
GET  /duties/{occurrence_id}/                                                          302 403 404 200 200 200 403
POST /duties/{occurrence_id}/sign/ | {signature_form}                                  302 403 404 302 403 403 403
POST /duties/{duty_id}/assign/ | owner=role:auditor&reason=So.                         302 403 403 302 302 403 403
POST /duties/{duty_id}/end/ | reason=So.                                               302 403 403 302 302 403 403
GET  /tiles/duties/                                                                    302 403 200 200 200 200 403
GET  /escalations/                                                                     302 403 200 200 200 200 403
GET  /escalations/paths/                                                               302 403 200 200 200 200 403
POST /escalations/paths/change/ | paths=x&reason=So.                                   302 403 403 403 403 403 403
GET  /escalations/duty/                                                                302 403 200 200 200 200 403
POST /escalations/open-duty-calendar/ | calendar=n&title=N&time_zone=UTC               302 403 403 302 302 403 403
GET  /escalations/duty/{calendar}/                                                     302 403 200 200 200 200 403
POST /escalations/duty/{calendar}/shifts/ | {shift_form}                               302 403 403 302 302 403 403
POST /escalations/duty/{calendar}/shifts/{shift_id}/end/ | until_on=2099-01-01         302 403 403 302 302 403 403
POST /escalations/duty/{calendar}/swaps/ | {swap_form}                                 302 403 403 302 302 403 403
GET  /escalations/{escalation_id}/                                                     302 403 200 200 200 200 403
POST /escalations/{escalation_id}/answer/ | answer=acknowledge                         302 403 403 302 302 403 403
GET  /tiles/escalations/                                                               302 403 200 200 200 200 403
GET  /feeds/                                                                           302 403 403 200 200 200 403
GET  /feeds/{feed}/                                                                    302 403 403 200 200 200 403
GET  /feeds/{feed}/connectors/                                                         302 403 403 200 200 200 403
POST /feeds/{feed}/connectors/{hook_kind}/ | stream=orders                             302 403 403 200 403 403 403
POST /connectors/{connector_id}/secret/                                                302 403 403 200 403 403 403
POST /connectors/{connector_id}/pull/                                                  302 403 403 302 403 403 403
POST /connectors/{connector_id}/close/ | reason=Over.                                  302 403 403 302 403 403 403
GET  /feeds/{feed}/quarantine/                                                         302 403 403 200 200 200 403
GET  /feeds/{feed}/quarantine/{row_id}/                                                302 403 403 200 200 200 403
POST /feeds/{feed}/quarantine/{row_id}/mend/ | value:at=2026-01-05T10:00:00&why=So.    302 403 403 302 403 403 403
POST /feeds/{feed}/quarantine/{row_id}/set-aside/ | why=So.                            302 403 403 302 403 403 403
POST /feeds/{feed}/quarantine/mend-alike/ | code=not-a-time&why=So.                    302 403 403 302 403 403 403
GET  /feeds/{feed}/upload/                                                             302 403 403 200 403 403 403
POST /feeds/{feed}/upload/try/                                                         302 403 403 422 403 403 403
POST /feeds/{feed}/upload/load/                                                        302 403 403 422 403 403 403
GET  /feeds/{feed}/recipe/                                                             302 403 403 200 200 200 403
POST /feeds/{feed}/recipe/try/ | text=x                                                302 403 403 200 200 200 403
POST /feeds/{feed}/recipe/save/ | text=x&why=So.                                       302 403 403 422 403 403 403
GET  /feed-conflicts/                                                                  302 403 403 200 200 200 403
POST /feed-conflicts/compare/                                                          302 403 403 302 403 403 403
GET  /feed-conflicts/{conflict_id}/                                                    302 403 403 200 200 200 403
POST /feed-conflicts/{conflict_id}/apply/ | feed=another&why=So.                       302 403 403 302 403 403 403
POST /feed-conflicts/{conflict_id}/settle/ | why=So.                                   302 403 403 302 403 403 403
GET  /lineage/{made_kind}/{plan_id}/                                                   302 403 403 200 200 200 403
GET  /feeds/{feed}/lineage/?batch={batch_id}&line=2&file={file}                        302 403 403 200 200 200 403
GET  /tiles/feeds/                                                                     302 403 403 200 200 200 403
GET  /accounts/                                                                        302 403 200 200 200 200 200
GET  /accounts/{account_number}/intimacy/                                              302 403 200 200 200 200 403
GET  /intimacy/                                                                        302 403 200 200 200 200 403
GET  /tiles/account-intimacy/?account={account_number}                                 302 403 200 200 200 200 403
GET  /journey/?account={account_number}                                                302 403 200 200 200 200 403
POST /journey/touchpoints/ | {touchpoint_form}                                         302 403 403 302 302 403 403
POST /journey/touchpoints/{touchpoint_id}/end/                                         302 403 403 302 302 403 403
GET  /accounts/{account_number}/                                                       302 403 200 200 200 200 200
GET  /terms/                                                                           302 403 200 200 200 200 200
GET  /tiles/account-terms/?account=ACME                                                302 403 200 200 200 200 200
GET  /contracts/                                                                       302 403 200 200 200 200 403
GET  /contracts/new/                                                                   302 403 200 200 200 403 403
POST /contracts/draft/ | {contract_form}                                               302 403 302 302 302 403 403
POST /contracts/calendars/ | {calendar_form}                                           302 403 403 302 302 403 403
GET  /contracts/{contract_id}/                                                         302 403 200 200 200 200 403
POST /contracts/{contract_id}/propose/ | reason=So.                                    302 403 302 302 302 403 403
GET  /contracts/chains/                                                                302 403 200 200 200 200 403
POST /contracts/chains/set/ | {chain_form}                                             302 403 403 302 302 403 403
GET  /accounts/{account_number}/adherence/                                             302 403 200 200 200 200 403
POST /accounts/{account_number}/adherence/pack/ | from_on=2025-06-01&until_on=2025-07-01 302 403 200 200 200 200 403
GET  /contracts/tolerances/                                                            302 403 200 200 200 200 403
POST /contracts/tolerances/ask/ | {bend_form}                                          302 403 302 302 302 403 403
GET  /contracts/templates/                                                             302 403 200 200 200 200 403
POST /contracts/templates/save/ | {setup_form}                                         302 403 403 302 302 403 403
GET  /contracts/templates/{template_id}/                                               302 403 200 200 200 200 403
POST /contracts/templates/{template_id}/apply/ | {onboarding_form}                     302 403 302 302 302 403 403
POST /contracts/templates/{template_id}/review/ | {need_review_form}                   302 403 403 302 302 403 403
POST /contracts/templates/{template_id}/retire/ | because=So.                          302 403 403 302 302 403 403
GET  /expectations/                                                                    302 403 200 200 200 200 403
GET  /needs/                                                                           302 403 200 200 200 200 403
POST /needs/state/ | account_number=ACME&words=On+time.&heard_in=Call                  302 403 302 302 302 403 403
GET  /needs/{need_id}/                                                                 302 403 200 200 200 200 403
POST /needs/{need_id}/measure/ | {need_form}                                           302 403 302 302 302 403 403
POST /needs/{measured_need}/agree/ | agreed_with=Ann                                   302 403 302 302 302 403 403
POST /needs/{agreed_need}/propose/ | {need_propose_form}                               302 403 302 302 302 403 403
POST /needs/{agreed_need}/review/ | {need_review_form}                                 302 403 302 302 302 403 403
POST /needs/{need_id}/drop/ | because=So.                                              302 403 302 302 302 403 403
GET  /clocks/                                                                          302 403 200 200 200 200 403
GET  /tiles/promises-today/                                                            302 403 200 200 200 200 403
GET  /clocks/work/?operation=warehouse&key=ACME-0                                      302 403 200 200 200 200 403
POST /clocks/record/ | operation=warehouse&work_key=ACME-0&kind=done                   302 403 302 302 302 403 403
GET  /demand/                                                                          302 403 200 200 200 200 403
GET  /demand/{run_id}/                                                                 302 403 200 200 200 200 403
GET  /demand/{run_id}/replay/                                                          302 403 403 200 200 200 403
POST /demand/backtests/start/ | {backtest_form}                                        302 403 403 302 403 403 403
GET  /demand/backtests/{backtest_id}/                                                  302 403 200 200 200 200 403
POST /demand/backtests/{backtest_id}/stop/                                             302 403 403 302 403 403 403
GET  /tiles/backtest/{backtest_id}/                                                    302 403 200 200 200 200 403
GET  /demand/{run_id}/explore/                                                         302 403 200 200 200 200 403
GET  /demand/explore/{operation}/                                                        302 403 302 302 302 302 403
GET  /demand/overrides/                                                                302 403 200 200 200 200 403
GET  /demand/overrides/new/                                                            302 403 200 200 200 403 403
POST /demand/overrides/make/ | {override_form}                                         302 403 302 302 302 403 403
GET  /demand/overrides/value/                                                          302 403 200 200 200 200 403
GET  /demand/overrides/{override_id}/                                                  302 403 200 200 200 200 403
POST /demand/overrides/{override_id}/withdraw/ | reason=So.                            302 403 302 302 302 403 403
GET  /demand/assumptions/                                                              302 403 200 200 200 200 403
GET  /demand/assumptions/new/                                                          302 403 200 200 200 403 403
POST /demand/assumptions/record/ | {assumption_form}                                   302 403 302 302 302 403 403
POST /demand/assumptions/{assumption_id}/withdraw/ | reason=So.                        302 403 302 302 302 403 403
POST /demand/scenarios/try/ | operation=warehouse&scenario=peak&weeks=2                302 403 403 302 403 403 403
GET  /tiles/demand-fan/?run={run_id}                                                   302 403 200 200 200 200 403
GET  /tiles/account-demand/?account=ACME                                               302 403 200 200 200 200 403
GET  /tiles/thread-demand/?thread={thread_id}                                          302 403 200 200 200 200 403
GET  /demand/accuracy/                                                                 302 403 200 200 200 200 403
GET  /demand/{operation}/today/                                                        302 403 200 200 200 200 403
GET  /tiles/need-today/?operation=warehouse                                            302 403 200 200 200 200 403
GET  /tiles/demand-today/?operation=warehouse                                          302 403 200 200 200 200 403
GET  /demand/sharing/                                                                  302 403 403 200 200 200 403
POST /demand/sharing/agree/ | {sharing_form}                                           302 403 403 302 302 403 403
POST /demand/sharing/{sharing_id}/export/                                              302 403 403 200 200 403 403
POST /demand/sharing/{sharing_id}/end/ | reason=So.                                    302 403 403 302 302 403 403
GET  /demand/changes/                                                                  302 403 200 200 200 200 403
GET  /demand/exceptions/                                                               302 403 200 200 200 200 403
GET  /demand/exceptions/{finding_of}/                                          302 403 200 200 200 200 403
POST /demand/exceptions/{finding_of}/close/ | finding=chance&text=So.          302 403 302 302 302 403 403
POST /demand/exceptions/{finding_of}/reopen/ | reason=So.                      302 403 409 409 409 403 403
POST /demand/exceptions/{finding_of}/assign/ | to=alice                        302 403 302 302 302 403 403
POST /demand/exceptions/{finding_of}/comment/ | comment=So.                    302 403 302 302 302 403 403
GET  /tiles/forecast-exceptions/                                                       302 403 200 200 200 200 403
GET  /plans/                                                                           302 403 200 200 200 200 403
GET  /staffing/                                                                        302 403 200 200 200 200 403
POST /staffing/intervals/ | interval=30m&handle=3m&target=80/20s&intervals=calls%0A9  302 403 200 200 200 200 403
GET  /tiles/staffing-verified/                                                         302 403 200 200 200 200 403
POST /plans/start/ | operation=warehouse                                               302 403 403 302 403 403 403
GET  /plans/progress/{thread_id}/                                                      302 403 200 200 200 200 403
GET  /plans/{plan_id}/                                                                 302 403 200 200 200 200 403
GET  /plans/{plan_id}/cells/?pool=pickers&week=2026-03-02                              302 403 200 200 200 200 403
GET  /tiles/plans/                                                                     302 403 200 200 200 200 403
GET  /tiles/account-buffers/?account=ACME                                              302 403 200 200 200 200 403
GET  /tiles/account-capacity/?account=ACME                                             302 403 200 200 200 200 403
GET  /tiles/thread-plans/?thread={thread_id}                                           302 403 200 200 200 200 403
GET  /tiles/plan-progress/{thread_id}/                                                 302 403 200 286 286 286 403
GET  /board/                                                                           302 403 200 200 200 200 200
GET  /api/v1/settings                                                                  401 403 200 200 200 200 403
GET  /api/v1/settings/deviations                                                       401 403 200 200 200 200 403
GET  /api/v1/settings/values/{value_id}                                                401 403 200 200 200 200 403
POST /api/v1/settings/values/{value_id}/end | {"reason":"Over."}                       401 403 403 403 200 403 403
POST /api/v1/settings/values/{value_id}/review | {review}                                401 403 403 403 200 403 403
GET  /api/v1/settings/{setting}                                                        401 403 200 200 200 200 403
GET  /api/v1/settings/{setting}/values                                                 401 403 200 200 200 200 403
POST /api/v1/settings/{setting}/values | {new_value}                                     401 403 403 403 201 403 403
POST /api/v1/settings/{setting}/values | {"value":7,"reason":"For everyone."}          401 403 403 403 403 403 403
GET  /api/v1/people                                                                    401 403 403 403 403 403 403
POST /api/v1/people | {"username":"x","name":"X","password":"a long walk along"}       401 403 403 403 403 403 403
GET  /api/v1/people/{person}                                                           401 200 404 404 404 404 404
GET  /api/v1/people/{person}/changes                                                   401 200 403 403 403 403 403
POST /api/v1/people/{person}/rights | {"roles":["admin"],"reason":"Please."}           401 403 403 403 403 403 403
POST /api/v1/people/{person}/disable | {"reason":"Out."}                               401 403 403 403 403 403 403
POST /api/v1/people/{person}/enable | {"reason":"In."}                                 401 403 403 403 403 403 403
GET  /api/v1/delegations                                                               401 200 200 200 200 200 200
POST /api/v1/delegations | {"to":"{colleague}","ends_at":"{soon}","reason":"Away."}    401 403 201 201 201 403 403
POST /api/v1/delegations/{delegation_id}/end                                           401 404 404 200 200 404 404
GET  /api/v1/absences                                                                  401 200 200 200 200 200 200
POST /api/v1/absences | {"ends_at":"{soon}"}                                           401 201 201 201 201 201 201
POST /api/v1/absences/{absence_id}/end                                                 401 404 404 404 200 404 404
GET  /api/v1/access                                                                    401 403 200 200 200 200 403
GET  /settings/                                                                        302 403 200 200 200 200 403
GET  /settings/deviations/                                                             302 403 200 200 200 200 403
POST /settings/values/{value_id}/end/ | reason=Over.                                   302 403 403 403 302 403 403
POST /settings/values/{value_id}/review/ | review_on=2099-01-01&reason=Right.          302 403 403 403 302 403 403
GET  /settings/{setting}/                                                              302 403 200 200 200 200 403
POST /settings/{setting}/set/ | value=7&level=region&place=south&reason=So.            302 403 403 403 302 403 403
GET  /people/                                                                          302 403 403 403 403 403 403
POST /people/add/ | username=x&name=X&password=a+long+walk+along&reason=New.           302 403 403 403 403 403 403
GET  /people/{person}/                                                                 302 200 404 404 404 404 404
POST /people/{person}/rights/ | roles=admin&reason=Please.                             302 403 404 404 404 404 404
POST /people/{person}/disable/ | reason=Out.                                           302 403 403 403 403 403 403
POST /people/{person}/enable/ | reason=In.                                             302 403 403 403 403 403 403
POST /delegations/add/ | to={colleague}&ends_at={soon}&reason=Away.                    302 403 302 302 302 403 403
POST /delegations/{delegation_id}/end/                                                 302 404 404 302 302 404 404
POST /absences/add/ | ends_at={soon}                                                   302 302 302 302 302 302 302
POST /absences/{absence_id}/end/                                                       302 404 404 404 302 404 404
GET  /api/v1/stewards                                                                  401 403 200 200 200 200 403
GET  /api/v1/stewards/find?domain=customers                                            401 403 200 200 200 200 403
POST /api/v1/stewards | {"person":"alice","domain":"customers","reason":"So."}         401 403 403 403 403 403 403
POST /api/v1/stewards/{stewardship_id}/end | {"reason":"So."}                          401 403 403 403 403 403 403
GET  /api/v1/sharing-rules                                                             401 403 200 200 200 200 403
POST /api/v1/sharing-rules | {"domain":"finance","department":"sales","reason":"So."}  401 403 403 403 403 403 403
POST /api/v1/sharing-rules/{rule_id}/end | {"reason":"So."}                            401 403 403 403 403 403 403
GET  /stewards/                                                                        302 403 200 200 200 200 403
POST /stewards/appoint/ | domain=customers&person=alice&level=global&reason=So.        302 403 403 403 403 403 403
POST /stewards/{stewardship_id}/end/ | reason=So.                                      302 403 403 403 403 403 403
POST /stewards/sharing/add/ | domain=finance&department=sales&reason=So.               302 403 403 403 403 403 403
POST /stewards/sharing/{rule_id}/end/ | reason=So.                                     302 403 403 403 403 403 403
GET  /access/                                                                          302 403 200 200 200 200 403
"""
"""Bob sees a thread by the lines about his own accounts; that a plan has come to rest is not one of them (200, not 286:
the tile goes on asking)."""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    method: str
    address: str
    body: str
    verdicts: tuple[int, ...]

    @property
    def route(self) -> tuple[str, str]:
        """The method and the address with every part in curly brackets named alike."""
        return self.method, re.sub(r"\{\w+\}", "{}", self.address.partition("?")[0])


def rows_of(table: str) -> list[Row]:
    """Read the table."""
    pattern = re.compile(r"(GET|POST) +(\S+)(?: \| (.*?))? +((?:\d{3} ?){7})")
    found = [pattern.fullmatch(line) for line in table.strip().splitlines()]
    return [Row(m[1], m[2], m[3] or "", tuple(map(int, m[4].split()))) for m in found if m]


ROWS = rows_of(TABLE)


def routes() -> set[tuple[str, str]]:
    """Every operation of the OpenAPI document and every page of the URL map."""
    from closeknit.web.api import api
    from closeknit.web.urls import urlpatterns

    found = {("GET", "/api/v1/openapi.json")}
    for path, operations in api.get_openapi_schema()["paths"].items():
        found |= {(method.upper(), re.sub(r"\{\w+\}", "{}", path)) for method in operations}
    posts = {
        "sign-out",
        "openid_connect_login",
        "you-sessions-end",
        "you-token-issue",
        "you-token-revoke",
        "you-look",
        "you-view-keep",
        "you-view-forget",
        "work-replay",
        "proposal-decide",
        "proposal-withdraw",
        "ledger-key-replace",
        "ledger-erase",
        "ledger-keys-give-up",
        "ledger-break-accept",
        "policy-adopt",
        "exception-request",
        "exception-review",
        "account-tier-propose",
        "difference-assign",
        "difference-settle",
        "quote-make",
        "quote-make-guarantee",
        "quote-propose",
        "scenario-save",
        "evidence-issue",
        "bend-ask",
        "need-state",
        "setup-save",
        "setup-apply",
        "setup-review",
        "setup-retire",
        "need-measure",
        "need-agree",
        "need-propose",
        "need-review",
        "need-drop",
        "shortage-open",
        "stock-size",
        "shortage-propose",
        "roster-start",
        "roster-staff",
        "roster-publish",
        "insight-record",
        "value-refresh",
        "tier-table-adopt",
        "account-merge",
        "account-wrong-report",
        "merge-split",
        "match-judge",
        "record-give",
        "dispute-answer",
        "survivorship-set",
        "purpose-adopt",
        "consent-record",
        "data-request-record",
        "data-request-extend",
        "data-request-close",
        "hold-place",
        "hold-release",
        "retention-adopt",
        "subject-erase",
        "copy-draw",
        "insight-withdraw",
        "insight-renew",
        "insight-settle",
        "plan-start",
        "backtest-start",
        "sharing-agree",
        "sharing-export",
        "sharing-end",
        "backtest-stop",
        "escalation-path-change",
        "escalation-answer",
        "duty-open",
        "duty-shift-set",
        "duty-shift-end",
        "duty-swap",
        "setting-set",
        "conflict-compare",
        "conflict-settle",
        "conflict-apply",
        "recipe-try",
        "feed-upload-try",
        "feed-upload-load",
        "recipe-save",
        "quarantine-mend",
        "quarantine-mend-alike",
        "quarantine-set-aside",
        "steward-appoint",
        "steward-end",
        "sharing-rule-add",
        "sharing-rule-end",
        "setting-value-end",
        "setting-value-review",
        "person-add",
        "person-rights",
        "person-disable",
        "person-enable",
        "delegation-add",
        "delegation-end",
        "absence-add",
        "absence-end",
        "notice-read",
        "notice-read-all",
        "notice-preferences-save",
        "webhook-create",
        "webhook-change",
        "webhook-test",
        "webhook-disable",
        "webhook-enable",
        "webhook-replay",
        "due-date-sign",
        "connector-open",
        "touchpoint-put",
        "touchpoint-end",
        "contract-draft",
        "calendar-set",
        "contract-propose",
        "chain-set",
        "work-event-record",
        "connector-secret",
        "connector-pull",
        "connector-close",
        "duty-add",
        "duty-install",
        "duty-assign",
        "duty-end",
        "staffing-intervals",
        "override-make",
        "override-withdraw",
        "assumption-record",
        "assumption-withdraw",
        "scenario-try",
        "forecast-exception-close",
        "forecast-exception-reopen",
        "forecast-exception-assign",
        "forecast-exception-comment",
    }
    for pattern in urlpatterns:
        name = getattr(pattern, "name", None)
        if name:
            path = "/" + re.sub(r"<[^>]+>", "{}", str(pattern.pattern))
            found.add(("POST" if name in posts else "GET", path))
    return found


def missing_rows(rows: list[Row]) -> set[tuple[str, str]]:
    """Routes without a row."""
    return routes() - {row.route for row in rows}


def test_the_table_is_read_whole():
    assert len(ROWS) == len(TABLE.strip().splitlines())


def test_every_route_has_a_row_and_every_row_a_route():
    assert missing_rows(ROWS) == set()
    assert {row.route for row in ROWS} - routes() == set()


def test_red_twin_a_route_without_a_row_is_seen():
    assert missing_rows(ROWS[1:]) == {ROWS[0].route}


@pytest.fixture
def places(db, tmp_path) -> dict[str, Any]:
    """What the curly parts stand for."""
    return places_in(tmp_path)


def places_in(tmp_path: Path) -> dict[str, Any]:
    """Make what the addresses of the table ask for."""
    from closeknit.rooms.decisions.models import LedgerEntry
    from closeknit.rooms.sensing.models import QuarantinedRow, WorkRow

    company = build(tmp_path)
    first = WorkRow.objects.filter(line=2).earliest("id")
    return {
        # A line of nobody's team, in a transaction that is still open: never sealed here.
        "entry_id": LedgerEntry.objects.filter(kind="batch.loaded").earliest("id").pk,
        "proposal_id": company.proposal_id,
        "thread_id": company.thread_id,
        "run_id": company.run_id,
        "plan_id": company.plan_id,
        "name": company.feed,
        "feed": company.feed,
        "account_number": "ACME",
        "fresh_kind": "plan",
        "made_kind": "plan",
        "batch_id": first.batch_id,
        "file": first.file_number,
        "conflict_id": conflict_of(company.feed),
        "row_id": QuarantinedRow.objects.earliest("id").pk,
        "operation": "warehouse",
        "delivery_id": 1,
        "provider_id": "company",
        "token_id": 1,
        "view_id": 1,
        "new_day": '{"interval_minutes":30,"handle_minutes":3,"intervals":[{"label":"8:00","calls":9}]}',
        **backtest_places(),
        **sharing_places(),
        **connector_places(company.feed),
        **touchpoint_places(),
        **contract_places(),
        **need_places(),
        **setup_places(),
        **org_places(),
        **escalation_places(),
        **notice_places(),
        **duty_places(),
        **exception_places(),
        **override_places(),
        **forecast_exception_places(company.run_id),
        **insight_places(),
        **value_places(),
        **record_places(company.foreign),
        **privacy_places(),
        "difference_id": difference_of(company.plan_id),
        "difference_answer": '{"resolution":"accepted","text":"So."}',
        **quote_places(),
        **roster_places(),
        "shortage_id": shortage_of(company.plan_id),
        "stock_plan_id": stock_sized(),
        "scenario_id": scenario_of(),
        "scenario_asked": '{"name":"Half more","operation":"warehouse","preset":"surge"}',
    }


def contract_places() -> dict[str, Any]:
    """Draft a contract with ACME, and say what others, calendars and events of work look like."""
    from closeknit.kernel import clock
    from closeknit.rooms.agreements.actions.draft_contract import draft_contract
    from closeknit.rooms.agreements.contracts.deals import read_contract

    day = (clock.now() + timedelta(days=9)).date().isoformat()
    clause = {"operation": "warehouse", "measure": "ship_within", "within_minutes": 60, "target_share": 0.9}
    body = {"title": "T", "account_number": "ACME", "starts_on": day}
    made = {**body, "contract_number": "K-M", "clauses": [{**clause, "term_number": "M-1"}]}
    form = {**body, "contract_number": "K-F", "form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 0}
    promise = {"measure": "ship_within", "within_minutes": 60, "clock": "calendar", "target_percent": 90}
    promise |= {"term_number": "F-1", "operation": "warehouse"}
    chain = {"name": "Picking", "operation": "warehouse", "measure": "ship_within"}
    today = clock.now().date().isoformat()
    bend = {"account_number": "ACME", "term_number": "T-ACME", "request": "O", "worth": "90000", "currency": "EUR"}
    bend |= {"reason": "So.", "starts_on": today, "until_on": today}
    hours = [{"weekday": 0, "from_minute": 540, "to_minute": 1020}]
    return {
        "contract_id": draft_contract(read_contract(made), by=enter("alice"), at=clock.now()),
        "new_contract": json.dumps({**made, "contract_number": "K-N", "clauses": [{**clause, "term_number": "N-1"}]}),
        "contract_form": urlencode({**form, **{f"form-0-{name}": value for name, value in promise.items()}}),
        "new_calendar": json.dumps({"key": "office", "title": "O", "openings": hours, "from_on": day}),
        "calendar_form": urlencode({"key": "office", "title": "O", "hours": "mon 09:00-17:00", "from_on": day}),
        "new_chain": json.dumps({**chain, "steps": [{"department": "Hall", "within_minutes": 5}]}),
        "chain_form": urlencode({**chain, "clock": "calendar", "steps": "Hall: pick: 5"}),
        "new_bend": json.dumps({**bend, "stretch_share": 0.1}),
        "bend_form": urlencode({**bend, "stretch_percent": 10}),
        "new_evidence": json.dumps({"account_number": "ACME", "from_on": "2025-06-01", "until_on": "2025-07-01"}),
        "new_work_event": json.dumps(
            {"operation": "warehouse", "work_key": "ACME-0", "kind": "held", "reason": "waiting for customer"}
        ),
    }


def setup_places() -> dict[str, Any]:
    """A template of a signed contract with ACME, and how others are asked for."""
    from closeknit.kernel import clock
    from closeknit.rooms.agreements.actions.save_setup import save_setup
    from closeknit.rooms.agreements.contracts import WantedSetup
    from closeknit.rooms.agreements.models import ContractVersion

    by, at = enter("alice"), clock.now()
    day = (at + timedelta(days=9)).date()
    version = ContractVersion.objects.create(
        id=UUID("00000000-0000-7000-8000-00000000c0de"),
        thread_id=UUID("00000000-0000-7000-8000-00000000c0df"),
        contract_number="K-S",
        version=1,
        state="signed",
        title="T",
        account_number="ACME",
        starts_on=day,
        time_zone="UTC",
        clauses=[
            {
                "term_number": "S-1",
                "operation": "warehouse",
                "service": "",
                "work_class": "",
                "measure": "ship_within",
                "within_minutes": 60.0,
                "clock": "calendar",
                "target_share": 0.9,
                "credit_per_miss": None,
                "penalty_per_point": None,
                "penalty_cap": None,
            }
        ],
        drafted_at=at,
        drafted_by_key=by.key,
        decided_at=at,
    )
    wanted = {"version_id": str(version.pk), "purpose": "So.", "review_on": day.isoformat()}
    onboarding = {"account_number": "ACME", "contract_number": "K-O", "starts_on": day.isoformat(), "reason": "So."}
    return {
        "template_id": save_setup(WantedSetup(version.pk, "Standing", "So.", day), by=by, at=at),
        "new_setup": json.dumps({**wanted, "name": "Gold"}),
        "setup_form": urlencode({**wanted, "name": "Silver"}),
        "new_onboarding": json.dumps(onboarding),
        "onboarding_form": urlencode({**onboarding, "time_factor": 1, "hours_factor": 1}),
    }


def need_places() -> dict[str, Any]:
    """Three needs of ACME: in words, measurable, agreed; and what the next steps are asked with."""
    from closeknit.kernel import clock
    from closeknit.rooms.agreements.actions.agree_need import agree_need
    from closeknit.rooms.agreements.actions.measure_need import measure_need
    from closeknit.rooms.agreements.actions.state_need import state_need
    from closeknit.rooms.agreements.contracts import Measure, NeedParameter, WantedNeed

    by, at = enter("alice"), clock.now()
    day = (at + timedelta(days=9)).date()
    work = {"operation": "warehouse", "within_minutes": 60, "process": "Picking", "control": "Clocks"}
    stated = {"account_number": "ACME", "words": "On time.", "heard_in": "Call"}
    parameter = NeedParameter(**work, measure=Measure.SHIP_WITHIN, target_share=0.9, review_on=day)
    first, second, third = (state_need(WantedNeed(**stated), by=by, at=at) for _ in range(3))
    for need_id in (second, third):
        measure_need(need_id, parameter, by=by, at=at)
    agree_need(third, agreed_with="Ann", by=by, at=at)
    given = {**work, "measure": "ship_within", "review_on": day.isoformat()}
    proposal = {"starts_on": day.isoformat(), "reason": "So."}
    review = {"finding": "So.", "review_on": day.isoformat()}
    return {
        "need_id": first,
        "measured_need": second,
        "agreed_need": third,
        "new_need": json.dumps(stated),
        "need_measure": json.dumps({**given, "target_share": 0.9}),
        "need_form": urlencode({**given, "clock": "calendar", "target_percent": 90}),
        "need_propose": json.dumps(proposal),
        "need_propose_form": urlencode(proposal),
        "need_review": json.dumps(review),
        "need_review_form": urlencode(review),
    }


def touchpoint_places() -> dict[str, Any]:
    """Put a touchpoint on the map, and say what others look like."""
    from closeknit.kernel import clock
    from closeknit.rooms.customers.actions.set_touchpoint import set_touchpoint
    from closeknit.rooms.customers.contracts.journey import Stage, TouchpointPlan, Triage
    from closeknit.rooms.org import reads as org

    plan = TouchpointPlan("Orders", Stage.BUY, "warehouse", "", "", "pickers", "", 480, Triage.RULE)
    stated = {"name": "Calls", "stage": "get help", "operation": "service-desk", "answer_within_minutes": 60}
    return {
        "touchpoint_id": set_touchpoint(plan, by=org.system_actor(), at=clock.now()),
        "new_touchpoint": json.dumps(stated),
        "changed_touchpoint": json.dumps({**stated, "operation": "warehouse"}),
        "touchpoint_form": "name=Calls&stage=buy&operation=field-service&answer_within_minutes=60&triage=hand",
    }


def connector_places(feed: str) -> dict[str, Any]:
    """Open a hook into the feed, and say what opens the other kinds."""
    from closeknit.kernel import clock
    from closeknit.rooms.org import reads as org
    from closeknit.rooms.sensing.actions.open_connector import open_hook

    pull = {"feed": feed, "stream": "orders", "source": "ERP", "query": "select 1 as x where 1 > :watermark"}
    subject = {"feed": feed, "stream": "orders", "subject": "orders.new", "broker_stream": "ORDERS"}
    return {
        "connector_id": open_hook(feed, "orders", by=org.system_actor(), at=clock.now()).connector_id,
        "hook_kind": "hook",
        "new_pull": json.dumps({**pull, "watermark_column": "x", "first_watermark": "0"}),
        "new_subject": json.dumps(subject),
    }


def conflict_of(feed: str) -> UUID:
    """Return a conflict of the company's feed with another one that reads its times in another zone."""
    from closeknit.kernel import clock
    from closeknit.rooms.sensing.actions.find_conflicts import find_conflicts
    from closeknit.rooms.sensing.actions.register_feed import register_feed
    from closeknit.rooms.sensing.models import Conflict, Feed

    text = Feed.objects.get(name=feed).recipe_text.replace(f"recipe: {feed}", "recipe: another")
    register_feed(text.replace("Europe/Berlin", "UTC"), place="another", by=enter("alice"), at=clock.now())
    find_conflicts("another", by=enter("alice"), at=clock.now())
    return UUID(str(Conflict.objects.earliest("found_at").pk))


def sharing_places() -> dict[str, Any]:
    """Agree with a partner which forecast it gets, and say how another would be agreed."""
    from closeknit.kernel import clock
    from closeknit.rooms.demand.actions.agree_sharing import agree_sharing
    from closeknit.rooms.demand.contracts import SharedDetail, SharedField, SharePeriod, WantedSharing

    today = clock.now().date()
    span = (today, today + timedelta(days=30))
    agreement = agree_sharing(
        WantedSharing(
            "Parcel Ltd", "warehouse", "To book vans.", SharedDetail.TOTAL, SharePeriod.WEEK, (SharedField.MEAN,), *span
        ),
        by=enter("carol"),
        at=clock.now(),
    )
    given = {
        "partner": "Vans Ltd",
        "operation": "warehouse",
        "purpose": "To plan.",
        "from_on": span[0].isoformat(),
        "until_on": span[1].isoformat(),
    }
    form = given | {"detail": "total", "period": "week", "fields_shared": "mean", "least_accounts": "5"}
    return {"sharing_id": agreement, "sharing_wanted": json.dumps(given), "sharing_form": urlencode(form)}


def backtest_places() -> dict[str, Any]:
    """A backtest that Alice asked for, of one past day."""
    from closeknit.kernel import clock
    from closeknit.rooms.demand.actions.request_backtest import request_backtest

    asked = {"operation": "warehouse", "origins": 1, "every_weeks": 1, "weeks": 1}
    return {
        "backtest_id": request_backtest(**asked, by=enter("alice"), at=clock.now()),
        "new_backtest": json.dumps(asked),
        "backtest_form": urlencode(asked),
    }


def quote_places() -> dict[str, Any]:
    """A quote for ACME, and how another and a request are asked for."""
    from closeknit.kernel import clock
    from closeknit.rooms.capacity.actions.quote_term import quote_term
    from closeknit.rooms.capacity.contracts import TermChange

    term = TermChange("ACME", 720.0, 0.95)
    given = {"operation": "warehouse", "account_number": "ACME", "threshold_minutes": 720, "target_share": 0.95}
    request = {"account_number": "ACME", "service": "picking", "units": 10, "week_on": "2026-03-02"}
    form = {"operation": "warehouse", "account": "ACME", "within": "12h", "target": "95%"}
    signing = {"starts_on": str(clock.now().date() + timedelta(days=30)), "reason": "They asked."}
    return {
        "quote_signing": json.dumps(signing),
        "quote_signing_form": urlencode(signing),
        "quote_id": quote_term(term, operation="warehouse", by=enter("alice"), at=clock.now()),
        "quote_asked": json.dumps(given),
        "request_asked": json.dumps({"operation": "warehouse", "request": request}),
        "quote_form": urlencode(form),
        "guarantee_asked": json.dumps({"operation": "warehouse", "account_number": "ACME", "hours_per_week": 70}),
        "guarantee_form": urlencode({"operation": "warehouse", "account": "ACME", "hours": "70"}),
    }


def stock_sized() -> UUID:
    """A sizing of stock, without items."""
    from closeknit.kernel import ids
    from closeknit.rooms.capacity.models import StockPlan

    numbers = dict.fromkeys(("items", "items_short", "items_uncounted", "weeks_seen", "lead_days", "review_days"), 0)
    digests = dict.fromkeys(("inputs_digest", "result_digest"), "0" * 64)
    told = {"operation": "warehouse", "as_of_on": AT.date(), "made_at": AT, "made_by_key": "person:1", "inputs": b"{}"}
    row = StockPlan(id=ids.new_id(), thread_id=ids.new_id(), code_version="stock/1", **told, **numbers, **digests)
    row.save(force_insert=True)
    return row.pk


def shortage_of(plan_id: UUID) -> UUID:
    """The shortage of the company's plan, opened."""
    from closeknit.rooms.capacity.actions.open_shortage import open_shortage

    return open_shortage(plan_id, by=enter("alice"), at=AT)


def roster_places() -> dict[str, Any]:
    """A roster of the pickers that Alice made, and a file of who works there."""
    from closeknit.kernel import clock
    from closeknit.rooms.capacity.actions.adopt_staff import adopt_staff
    from closeknit.rooms.capacity.actions.propose_roster import propose_roster
    from closeknit.rooms.capacity.contracts.rosters import RosterAsked

    people = "person,name,week_hours\nP1,Pat,40\nP2,Kim,20\n"
    adopt_staff("pickers", people, by=enter("alice"), at=clock.now())
    return {
        "roster_id": propose_roster(RosterAsked("pickers"), by=enter("alice"), at=clock.now()),
        "staff_file": json.dumps({"pool": "pickers", "text": people}),
        "staff_form": urlencode({"pool": "pickers", "people": people}),
    }


def scenario_of() -> UUID:
    """An outage that Alice tried."""
    from closeknit.kernel import clock
    from closeknit.rooms.capacity.actions.save_scenario import save_scenario
    from closeknit.rooms.capacity.contracts import PlanChanges, StressPreset

    preset = StressPreset.OUTAGE
    return save_scenario("Out", PlanChanges(), preset=preset, operation="warehouse", by=enter("alice"), at=clock.now())


def difference_of(plan_id: UUID) -> UUID:
    """A week in which sales and the plan in force disagree."""
    from closeknit.kernel import clock, ids
    from closeknit.rooms.capacity.models import PipelineDifference

    hours = {"committed_hours": 40.0, "need_hours": 40.0, "counted_hours": 0.0, "pipeline_hours": 20.0}
    owner = {"owner_key": "role:planner", "owner_name": "Planners"}
    now = clock.now()
    days = {"week_on": date(2026, 3, 9), "raised_at": now, "due_on": now.date()}
    words = {"operation": "warehouse", "plan_id": plan_id, "pool": "pickers", "pool_name": "Pickers"}
    return PipelineDifference.objects.create(
        id=ids.new_id(), thread_id=ids.new_id(), **words, **hours, **owner, **days
    ).pk


def privacy_places() -> dict[str, Any]:
    """What ACME said, a hold, and a request of BOLT's that nobody in these columns may answer."""
    from closeknit.kernel import clock
    from closeknit.rooms.privacy.actions.place_hold import WantedHold, place_hold
    from closeknit.rooms.privacy.actions.record_consent import record_consent
    from closeknit.rooms.privacy.actions.record_request import WantedRequest, record_request
    from closeknit.rooms.privacy.contracts import ConsentState, RequestKind, WantedConsent, account
    from closeknit.rooms.privacy.models import Consent

    now, bob, erin = clock.now(), enter("bob"), enter("erin")
    said = WantedConsent(account("ACME"), "survey", ConsentState.DENIED)
    asked = {"kind": "account", "reference": "ACME", "received_on": now.date().isoformat()}
    consent = {"kind": "account", "reference": "ACME", "purpose": "survey", "state": "denied"}
    consent |= {"collected": "form", "language": "en"}
    request = WantedRequest(RequestKind.ACCESS, account("ACME"), now.date())
    return {
        "purpose": "survey",
        "receipt_id": Consent.objects.get(pk=record_consent(said, by=bob, at=now)).receipt_id,
        "request_id": record_request(request, by=bob, at=now),
        "hold_id": place_hold(WantedHold("Case", "Court.", now.date() + timedelta(days=9)), by=erin, at=now),
        "new_purpose": json.dumps(
            {"purpose": "x", "title": "X", "what_for": "X.", "decisions": ["x"], "reason": "So."}
            | {"bases": {"EU": {"basis": "consent", "law": "GDPR"}}}
        ),
        "new_consent": json.dumps(consent),
        "consent_form": urlencode(consent),
        "new_data_request": json.dumps({**asked, "request_kind": "portability"}),
        "data_request_form": urlencode({**asked, "request_kind": "rectification"}),
        "new_retention": json.dumps(
            {"data_class": "notes", "jurisdiction": "DE", "least_days": 0, "law": "House rule", "reason": "So."}
        ),
    }


def record_places(foreign: str) -> dict[str, Any]:
    """A former number of ACME's, a record that may be ACME's, and a fact of ACME that is said to be wrong."""
    from closeknit.rooms.customers.tests.disputed import dispute_of, merge_of, pair_of

    rules = [
        {"fields": ["name", "street", "postcode", "city", "country"], "by": ["most-recent"]},
        {"fields": ["region", "time_zone", "jurisdiction", "industry"], "by": ["longest"]},
        {"fields": ["phone", "email", "website", "tax_id", "duns"], "by": ["priority"], "systems": ["steward", "*"]},
    ]
    merge = {"kept_number": "ACME", "absorbed_number": foreign, "reason": "So."}
    match_id, record_id = pair_of("ACME")
    return {
        "merge_id": merge_of("ACME", "ACME-OLD"),
        "match_id": match_id,
        "record_id": record_id,
        "dispute_id": dispute_of("ACME"),
        "new_merge": json.dumps(merge),
        "merge_form": urlencode({"absorbed_number": foreign, "reason": "So."}),
        "new_rules": json.dumps({"groups": rules, "reason": "So."}),
        "rules_form": urlencode({"text": json.dumps(rules), "reason": "So."}),
    }


def value_places() -> dict[str, Any]:
    """One week's values of the small company."""
    from closeknit.rooms.customers.actions.assess_accounts import assess_accounts

    return {"value_run_id": assess_accounts(on=AT.date(), by=enter("alice"), at=AT)}


def insight_places() -> dict[str, Any]:
    """What Bob knows of ACME."""
    from closeknit.rooms.customers.tests.knowing import WANTED, know

    bob = enter("bob")
    words = ("account_number", "topic", "direction", "measure", "size", "probability", "from_on", "to_on", "text")
    asked = {name: str(getattr(WANTED, name)) for name in words} | {"size": "0.5"}
    return {
        "insight_id": know(bob),
        "author_key": bob.key,
        "new_insight": json.dumps(asked),
        "insight_form": urlencode(asked),
    }


def forecast_exception_places(run_id: UUID) -> dict[str, Any]:
    """A week of ACME that came otherwise than forecast."""
    from closeknit.rooms.demand.tests.coming import exception_of

    return {"finding_of": exception_of("ACME", run_id)}


def override_places() -> dict[str, Any]:
    """An override and an assumption of ACME's second forecast week, both by Bob."""
    from closeknit.kernel import clock
    from closeknit.rooms.demand.actions.override_forecast import override_forecast
    from closeknit.rooms.demand.actions.record_assumption import record_assumption
    from closeknit.rooms.demand.contracts import (
        AdjustedPlace,
        AdjustmentKind,
        OverrideReason,
        WantedAssumption,
        WantedOverride,
    )

    days = {"from_on": date(2026, 3, 9), "to_on": date(2026, 3, 16)}
    size = {"operation": "warehouse", "kind": AdjustmentKind.MULTIPLY, "size": 1.1}
    why = {"expires_on": date(2026, 3, 16), "reason_kind": OverrideReason.PROMOTION, "reason": "Spring."}
    said = {"scenario": "peak", "statement": "A tenth more."}
    place, acts = AdjustedPlace(account_number="ACME"), {"by": enter("bob"), "at": clock.now()}
    override_id = override_forecast(WantedOverride(**size, **days, **why, place=place), replan=False, **acts)
    assumption_id = record_assumption(WantedAssumption(**size, **days, **said, place=place), **acts)
    plain = {**size, **days, "account_number": "ACME"}
    new_override, new_assumption = {**plain, **why, "size": 1.2}, {**plain, **said, "size": 1.2}
    return {
        "override_id": override_id,
        "override_query": urlencode(plain),
        "assumption_id": assumption_id,
        "new_override": json.dumps(new_override, default=str),
        "override_form": urlencode(new_override),
        "new_assumption": json.dumps(new_assumption, default=str),
        "assumption_form": urlencode(new_assumption),
    }


def exception_places() -> dict[str, Any]:
    """An exception for ACME, owned by Bob and granted by Carol."""
    from closeknit.kernel import clock
    from closeknit.rooms.decisions.actions.decide_proposal import approve_proposal
    from closeknit.rooms.decisions.actions.request_exception import WantedException, request_exception
    from closeknit.rooms.decisions.models import ExceptionRow

    now = clock.now()
    days = {"starts_on": now.date(), "until_on": now.date() + timedelta(days=10)}
    words = {"account_number": "ACME", "deviates_from": "term T-ACME", "allowed": "Two days.", "reason": "Strike."}
    exception_id = request_exception(WantedException(**words, **days), by=enter("bob"), at=now)
    approve_proposal(ExceptionRow.objects.get(pk=exception_id).proposal_id, by=enter("carol"), at=now)
    asked = {**words, **{name: day.isoformat() for name, day in days.items()}}
    return {"exception_id": exception_id, "new_exception": json.dumps(asked), "exception_form": urlencode(asked)}


def notice_places() -> dict[str, Any]:
    """A notice of Bob's, and an endpoint with a dead message."""
    from closeknit.kernel import clock, ids
    from closeknit.rooms.decisions.actions.notify import notify_people
    from closeknit.rooms.decisions.models import Dispatch, Notice, WebhookEndpoint
    from closeknit.rooms.org.reads import console_actor

    told = {"title": "Look", "body": "", "link": "/inbox/", "urgent": True, "thread_id": ids.new_id()}
    notify_people(to=[enter("bob").key], cause="matrix", **told, by=console_actor(), at=clock.now())
    made = {"url": "https://hooks.example.com/", "secret": b"x", "created_at": clock.now(), "thread_id": ids.new_id()}
    endpoint = WebhookEndpoint.objects.create(id=ids.new_id(), name="Matrix", **made)
    dead = Dispatch.objects.create(id=ids.new_id(), channel="webhook", kind="test", endpoint=endpoint, state="dead")
    preferences = {"mail": "all", "webhook": "none", "digest": "daily", "digest_hour": 7, "time_zone": "UTC"}
    return {
        "notice_id": Notice.objects.get(cause="matrix").pk,
        "endpoint_id": endpoint.pk,
        "dispatch_id": dead.pk,
        "preferences_form": urlencode(preferences),
    }


def duty_places() -> dict[str, Any]:
    """A duty of Alice's that is due with its evidence."""
    from closeknit.kernel import clock
    from closeknit.rooms.decisions.actions.add_duty import add_duty
    from closeknit.rooms.decisions.actions.keep_duties import gather_evidence, open_due_dates
    from closeknit.rooms.decisions.contracts import Cadence, DutyRule
    from closeknit.rooms.decisions.models import DutyOccurrence
    from closeknit.rooms.org.reads import console_actor

    now, by = clock.now(), console_actor()
    rule = DutyRule(Cadence.WEEKLY, weekday=now.isoweekday() % 5 + 1)
    about = {"name": "Look", "statement": "I looked.", "owner": enter("alice").key}
    duty_id = add_duty(**about, rule=rule, evidence=["plans"], starts_on=now.date() - timedelta(days=7), by=by, at=now)
    open_due_dates(by=by)
    gather_evidence(by=by)
    due = DutyOccurrence.objects.get(duty_id=duty_id)
    form = {**about, "cadence": "monthly", "counted": "business", "on": 1, "days_to_sign": 5, "time_zone": "UTC"}
    return {
        "duty_id": duty_id,
        "occurrence_id": due.pk,
        "new_duty": json.dumps({**about, "rule": {"cadence": "monthly", "business_day": 1}}),
        "duty_form": urlencode(form),
        "signature": json.dumps({"evidence_sha256": due.evidence_sha256}),
        "signature_form": urlencode({"evidence_sha256": due.evidence_sha256}),
    }


def escalation_places() -> dict[str, Any]:
    """An escalation about ACME that asks Alice, on duty on Mondays."""
    from datetime import date, time

    from closeknit.kernel import clock, ids
    from closeknit.rooms.decisions.actions.keep_duty_calendar import open_calendar, set_shift
    from closeknit.rooms.decisions.actions.raise_escalation import raise_escalation
    from closeknit.rooms.org.reads import console_actor

    acts = {"by": console_actor(), "at": clock.now()}
    hours = {"weekday": 0, "starts_local": time(8), "ends_local": time(16), "from_on": date(2026, 1, 5)}
    open_calendar("matrix", title="Matrix", time_zone="UTC", **acts)
    about = {"account_number": "ACME", "thread_id": ids.new_id()}
    shift = {"person": "alice", "weekday": 1, "starts_local": "08:00", "ends_local": "09:00", "from_on": "2026-01-01"}
    swap = {"person": "alice", "reason": "So."}
    return {
        "new_shift": json.dumps(shift),
        "shift_form": urlencode(shift),
        "new_swap": json.dumps({**swap, "starts_at": "2026-03-02T08:00Z", "ends_at": "2026-03-02T09:00Z"}),
        "swap_form": urlencode({**swap, "starts_local": "2026-03-02T08:00", "ends_local": "2026-03-02T09:00"}),
        "calendar": "matrix",
        "path": "surge",
        "epoch": 1,
        "shift_id": set_shift("matrix", person="alice", **hours, **acts),
        "escalation_id": raise_escalation(path="surge", cause="matrix", title="Surge", summary="", **about, **acts),
    }


def org_places() -> dict[str, Any]:
    """A local value that a lead may end, a person, and what Carol lent and reported."""
    from closeknit.kernel import clock
    from closeknit.rooms.org.actions.appoint_steward import appoint_steward
    from closeknit.rooms.org.actions.delegate import delegate
    from closeknit.rooms.org.actions.report_absence import report_absence
    from closeknit.rooms.org.actions.set_setting import set_setting
    from closeknit.rooms.org.actions.share_with_department import withhold_from_department

    now, setting = clock.now(), "capacity.handle_minutes_measured_from"
    soon, carol = now + timedelta(days=3), enter("carol")
    where = {"level": "region", "place": "north"}
    return {
        "setting": setting,
        "new_value": '{"value":7,"level":"region","place":"south","reason":"So."}',
        "review": '{"review_on":"2099-01-01","reason":"Right."}',
        "value_id": set_setting(setting, 50, **where, reason="A small region.", by=enter("erin"), at=now),
        "person": enter("dave").key,
        "stewardship_id": appoint_steward("carol", "customers", reason="So.", by=enter("erin"), at=now),
        "rule_id": withhold_from_department("capacity", department="finance", reason="So.", by=enter("erin"), at=now),
        "colleague": enter("frank").key,
        "soon": f"{soon:%Y-%m-%dT%H:%M}Z",
        "delegation_id": delegate(
            enter("alice").key, starts_at=now, ends_at=soon, reason="Vacation.", by=carol, at=now
        ),
        "absence_id": report_absence(starts_at=now, ends_at=soon, by=carol, at=now),
    }


def person(username: str) -> Client:
    """A browser in which this person is signed in."""
    from django.contrib.auth import get_user_model

    client = Client(raise_request_exception=False)
    if username:
        enter(username)
        client.force_login(get_user_model().objects.get(username=username))
    return client


def filled(body: str, places: dict[str, Any]) -> str:
    """A body with its curly parts filled in; the braces of JSON stay."""
    return re.sub(r"\{(\w+)\}", lambda part: str(places[part[1]]), body)


def ask(client: Client, row: Row, places: dict[str, Any]) -> Any:
    """Send a row's request, undoing what it changes."""
    address, body = row.address.format(**places), filled(row.body, places)
    with transaction.atomic():
        if row.method == "GET":
            answer = client.get(address)
        elif address.startswith("/api/"):
            answer = client.post(address, body, content_type="application/json")
        else:
            answer = client.post(address, body, content_type="application/x-www-form-urlencoded")
        transaction.set_rollback(True)
    return answer


def test_everybody_gets_the_stated_answer_everywhere(places):
    found, stated = [], []
    for column, username in enumerate(PEOPLE):
        for row in ROWS:
            answer = ask(person(username), row, places)
            check_form(row, answer)
            found.append((row.method, row.address, username, answer.status_code))
            stated.append((row.method, row.address, username, row.verdicts[column]))
    other = [f"{' '.join(f[:3])}: {f[3]}, stated {s[3]}" for f, s in zip(found, stated, strict=True) if f != s]
    assert not other, "\n".join(other)


def check_form(row: Row, answer: Any) -> None:
    """API errors are problem+json with a code; tiles and pages refuse in HTML."""
    if not row.address.startswith("/api/") or answer.status_code < 400:
        return
    problem = json.loads(answer.content)
    assert answer["Content-Type"] == "application/problem+json"
    assert problem["status"] == answer.status_code
    # A hook knows no people, only signatures.
    nobody = "not_signed" if row.address.startswith("/api/v1/hooks/") else "not_signed_in"
    codes = {401: nobody, 403: "denied", 404: "not_found", 409: "conflict", 422: "invalid"}
    assert problem["code"] == codes[problem["status"]]


UNKNOWN = "00000000-0000-7000-8000-000000000000"
BY_ID = (
    ("/api/v1/accounts/{}", "account"),
    ("/api/v1/terms?account_number={}", "account"),
    ("/api/v1/ledger?account_number={}", "account"),
    ("/api/v1/plans/{plan}/claims?account_number={}", "account"),
    ("/api/v1/forecasts/{run}/weeks?account_number={}", "account"),
    ("/api/v1/board?search={}", "account"),
    ("/api/v1/accounts?search={}", "account"),
    ("/accounts/{}/", "account"),
    ("/terms/?account={}", "account"),
    ("/ledger/?account={}", "account"),
    ("/tiles/account-terms/?account={}", "account"),
    ("/tiles/account-capacity/?account={}", "account"),
    ("/tiles/account-buffers/?account={}", "account"),
    ("/api/v1/buffers/account?account_number={}", "account"),
    ("/tiles/account-demand/?account={}", "account"),
    ("/tiles/account-decisions/?account={}", "account"),
    ("/api/v1/threads/{}", "thread"),
    ("/threads/{}/", "thread"),
    ("/tiles/thread-plans/?thread={}", "nothread"),
)


@pytest.mark.parametrize(("address", "kind"), BY_ID)
def test_what_is_out_of_scope_looks_like_what_is_unknown(places, address, kind):
    from closeknit.kernel import ids
    from closeknit.rooms.decisions.models import LedgerEntry

    hidden, unknown = "QZX7-1", "NONE-1"
    if kind == "thread":
        hidden = str(LedgerEntry.objects.filter(kind="batch.loaded").get().thread_id)
        unknown = str(ids.new_id())
    if kind == "nothread":
        hidden, unknown = str(ids.new_id()), UNKNOWN
    bob = person("bob")
    answers = []
    for subject in (hidden, unknown):
        answer = bob.get(address.format(subject, plan=places["plan_id"], run=places["run_id"]))
        answers.append((answer.status_code, plain(answer.content.decode(), subject)))
    assert answers[0] == answers[1]


def plain(text: str, subject: str) -> str:
    """An answer without what was asked for and without what differs at each request."""
    text = re.sub(r'csrfmiddlewaretoken" value="\w+"|"X-CSRFToken": *"\w+"|<time.*?</time>', "", text)
    return text.replace(subject, "…")
