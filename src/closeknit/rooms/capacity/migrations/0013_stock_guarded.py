"""Stock over all accounts is for those who see them all, each account's part is seen with it; what was found stays."""

from django.db import migrations

FORWARD = """
create policy row_security on capacity_stock_plan using ((select org_sees_all())) with check (true);
alter table capacity_stock_plan enable row level security, force row level security;
create policy row_security on capacity_stock_item using ((select org_sees_all())) with check (true);
alter table capacity_stock_item enable row level security, force row level security;
create policy row_security on capacity_stock_part using (
    (select org_sees_all()) or account_number in (select account_number from org_account_place)
) with check (true);
alter table capacity_stock_part enable row level security, force row level security;
create function capacity_stock_refuse() returns trigger language plpgsql as $$
begin
    raise exception 'what stock was found to be needed never changes'
        using errcode = 'restrict_violation', hint = 'Size it again.';
end $$;
create trigger stock_never_changes before update on capacity_stock_plan
    for each row execute function capacity_stock_refuse();
create trigger stock_item_never_changes before update on capacity_stock_item
    for each row execute function capacity_stock_refuse();
create trigger stock_part_never_changes before update on capacity_stock_part for each row when (
    (old.stock_plan_id, old.account_number, old.site, old.currency, old.told)
    is distinct from (new.stock_plan_id, new.account_number, new.site, new.currency, new.told)
) execute function capacity_stock_refuse();
"""
BACKWARD = """
drop trigger stock_part_never_changes on capacity_stock_part;
drop trigger stock_item_never_changes on capacity_stock_item;
drop trigger stock_never_changes on capacity_stock_plan;
drop function capacity_stock_refuse();
alter table capacity_stock_part disable row level security, no force row level security;
drop policy row_security on capacity_stock_part;
alter table capacity_stock_item disable row level security, no force row level security;
drop policy row_security on capacity_stock_item;
alter table capacity_stock_plan disable row level security, no force row level security;
drop policy row_security on capacity_stock_plan;
"""


class Migration(migrations.Migration):
    dependencies = [("capacity", "0012_stock"), ("org", "0005_row_security")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
