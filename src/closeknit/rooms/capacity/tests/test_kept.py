"""What a plan found is kept with it: read back bit for bit, and no page plans again for it."""

import io
import json
from dataclasses import fields, replace
from datetime import date

import numpy as np
import pytest
from tests.small_company import AT, build

from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.compute import kept as packing
from closeknit.rooms.capacity.compute import make_plan
from closeknit.rooms.capacity.compute.holding import NotHeld
from closeknit.rooms.capacity.compute.kept import pack_result, unpack_result
from closeknit.rooms.capacity.models import KeptResult
from closeknit.rooms.capacity.reads import what_if
from closeknit.rooms.capacity.tests.builders import forecast, inputs, pool, term

TOLD = inputs([pool(heads=2.0)], (term("S", tier="strategic", minutes=1440.0, credit="30"),), weeks=2)
SERIES = {("picking", "", "strategic", "ACME"): 60.0, ("picking", "", "volume", ""): 120.0}
CONFLICT = NotHeld("pickers", "Pickers", ("ACME",), ("C-1",), date(2026, 3, 2), 41.0, 38.1)


def made():
    return replace(make_plan(TOLD, forecast(SERIES, weeks=2, tail_days=7)), conflicts=(CONFLICT,))


def assert_same(one, other):
    for field in fields(one):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, np.ndarray):
            assert (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes()), field.name
        elif field.name == "need":
            assert_same(a, b)
        else:
            assert a == b, field.name


def test_what_was_kept_comes_back_bit_for_bit():
    result = made()
    found = unpack_result(pack_result(result), TOLD)
    for one, other in zip(result.pools, found.pools, strict=True):
        assert_same(one, other)
    assert replace(found, pools=()) == replace(result, pools=())


def changed(packed, **told):
    """The same archive with other numbers or another head."""
    with np.load(io.BytesIO(packed)) as archive:
        arrays = {name: archive[name].copy() for name in archive.files}
    head = json.loads(arrays["told"].tobytes()) | {k: v for k, v in told.items() if k == "layout"}
    arrays["told"] = np.frombuffer(json.dumps(head).encode(), dtype=np.uint8)
    if "served" in told:
        arrays["0.served"] += told["served"]
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def test_another_layout_or_other_numbers_are_not_taken():
    packed = pack_result(made())
    assert unpack_result(changed(packed), TOLD) is not None
    assert unpack_result(changed(packed, layout=packing.LAYOUT + 1), TOLD) is None
    assert unpack_result(changed(packed, served=1e-9), TOLD) is None


@pytest.mark.django_db
def test_prices_are_read_back_and_planned_again_only_where_nothing_was_kept(tmp_path, alice, carol, monkeypatch):
    company = build(tmp_path)
    assert KeptResult.objects.filter(pk=company.plan_id).exists()
    planned_again = []
    real = what_if._as_it_is
    monkeypatch.setattr(what_if, "_as_it_is", lambda *asked: planned_again.append(asked) or real(*asked))
    read_back = reads.get_prices(company.plan_id, by=alice, at=AT)
    assert read_back.pools
    assert planned_again == []
    KeptResult.objects.all().delete()
    what_if._kept.cache_clear()
    assert reads.get_prices(company.plan_id, by=alice, at=AT) == read_back
    assert len(planned_again) == 1
