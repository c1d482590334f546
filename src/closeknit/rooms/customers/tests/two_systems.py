"""What two systems say of three accounts, for tests of records: an ERP that numbers them, and a CRM that does not."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.cast import enter
from tests.small_company import deliver_all

from closeknit.kernel.actor import Actor
from closeknit.rooms.sensing.actions.ingest_batch import ingest_batch
from closeknit.rooms.sensing.actions.register_feed import register_feed
from closeknit.rooms.sensing.mapping.recipe import read_recipe
from closeknit.rooms.sensing.sources import open_path

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = datetime(2200, 1, 1, tzinfo=UTC)
"""After whatever the database's clock says now."""
RECIPE = """
recipe: house
title: House
time_zone: Europe/Berlin
streams:
  - name: accounts
    from: accounts.csv
    into: account
    fields: {account_number: number, name: name, tier: tier, team: team, region: region}
  - name: erp
    from: erp.csv
    into: account-record
    fields: &fields {system: {value: erp}, record_key: key, account_number: number, name: name, street: street,
      postcode: postcode, city: city, country: country, phone: phone, email: email, tax_id: tax, duns: duns,
      may_contact: contact, updated_at: updated}
  - name: crm
    from: crm*.csv
    into: account-record
    fields:
      <<: *fields
      system: {value: crm}
"""
ACCOUNTS = """number,name,tier,team,region
A1,Harbour Tools GmbH,volume,North,north
A2,Harbor Tools,volume,North,north
A3,Lindental Papier AG,standard,South,south
"""
HEADER = "key,number,name,street,postcode,city,country,phone,email,tax,duns,contact,updated\n"
# ruff: noqa: E501
ERP = """A1,A1,Harbour Tools GmbH,Hafenweg 4,70100,Oberhafen,DE,+49 30 1234567,info@harbour.example,DE123456789,,yes,2026-01-10T08:00:00+00:00
A2,A2,Harbor Tools,Hafenweg 4,70100,Oberhafen,DE,+49 30 1234567,,,,,2025-06-01T08:00:00+00:00
A3,A3,Lindental Papier AG,Gartenweg 9,80200,Lindental,DE,+49 89 7654321,office@papier.example,DE987654321,,,2026-01-10T08:00:00+00:00
"""
CRM = """C7,,HARBOUR TOOLS,Am Kai 1,,Neubruck,DE,,sales@harbour.example,DE123456789,,no,2026-02-01T08:00:00+00:00
C8,,Lindental Papier,Gartenweg 9,80200,Lindental,DE,+49 89 7654321,office@papier.example,,,,2026-02-02T08:00:00+00:00
C9,,Nobody's Own Ltd,Far Road 1,99999,Elsewhere,DE,,,,,,2026-02-03T08:00:00+00:00
"""


def house_recipe() -> str:
    """The recipe, without YAML's own short-hand, which recipes refuse."""
    start, _, rest = RECIPE.partition("&fields ")
    fields, _, end = rest.partition("}\n  - name: crm")
    plain = fields + "}"
    crm = end.replace("    fields:\n      <<: *fields\n      system: {value: crm}\n", "")
    return f"{start}{plain}\n  - name: crm{crm}    fields: {plain.replace('{value: erp}', '{value: crm}')}\n"


def load_house(folder: Path, *, by: Actor | None = None, crm: str = CRM, erp: str = ERP, deliver: bool = True) -> int:
    """Load what both systems say, and take it over; return the batch's id."""
    (folder / "accounts.csv").write_text(ACCOUNTS)
    (folder / "erp.csv").write_text(HEADER + erp)
    (folder / "crm.csv").write_text(HEADER + crm)
    recipe, actor = house_recipe(), by or enter("alice")
    register_feed(recipe, place="house.yaml", by=actor, at=AT)
    read = read_recipe(recipe, "house.yaml")
    card = ingest_batch(read.name, open_path(folder, read), by=actor, at=AT)
    if deliver:
        deliver_all()
    return card.batch_id


def soon(days: int = 1) -> datetime:
    """Some days from now."""
    return datetime.now(UTC) + timedelta(days=days)
