"""Teams that data names exist afterwards, once, whoever named them first."""

import pytest

from closeknit.kernel.errors import Denied
from closeknit.rooms.org.actions.ensure_teams import ensure_teams
from closeknit.rooms.org.models import Team


def test_teams_are_made_once_and_their_ids_given(alice):
    first = ensure_teams(["North", "South", "North", ""], by=alice)
    assert set(first) == {"North", "South"}
    assert ensure_teams(["South", "East"], by=alice)["South"] == first["South"]
    assert sorted(Team.objects.values_list("name", flat=True)) == ["East", "North", "South"]


def test_only_who_loads_data_makes_teams(bob, carol, dave):
    for outsider in (bob, carol, dave):
        with pytest.raises(Denied):
            ensure_teams(["West"], by=outsider)
    assert not Team.objects.filter(name="West").exists()
