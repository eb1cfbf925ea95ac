"""Cells count their brokers by engine and state; what is known of the brokers already is counted at once."""

from django.db import migrations, models
from django.db.models import Count
from django.db.models.functions import Lower


def count_known_brokers(apps, schema_editor):
    cells, brokers = apps.get_model("accounts", "Cell"), apps.get_model("accounts", "Broker")
    counted = {}
    rows = brokers.objects.order_by().values_list("account_id", "region_id", Lower("engine"), "state")
    for account, region, engine, state, number in rows.annotate(Count("pk")).iterator():
        counted.setdefault((account, region), {}).setdefault(engine, {})[state] = number
    for (account, region), counts in counted.items():
        cells.objects.filter(account=account, region=region, brokers__isnull=False).update(counts=counts)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_regions_and_roles")]
    operations = [
        migrations.AddField(model_name="cell", name="counts", field=models.JSONField(default=dict)),
        migrations.RunPython(count_known_brokers, migrations.RunPython.noop),
    ]
