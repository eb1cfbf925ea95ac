"""The view behind the list of cells: what follows from the region table and from rows that are not there."""

from __future__ import annotations

from django.db import migrations, models

VIEW = """
CREATE VIEW accounts_matrixcell AS
SELECT account.id AS account_id,
       region.code AS region_id,
       region.polled,
       cell.outcome,
       CASE WHEN NOT region.polled THEN 'unsupported' ELSE COALESCE(cell.outcome, 'never') END AS said,
       CASE WHEN region.polled THEN COALESCE(cell.code, '') ELSE '' END AS code,
       CASE WHEN region.polled THEN COALESCE(cell.permission, '') ELSE '' END AS permission,
       CASE WHEN region.polled THEN COALESCE(cell.detail, '') ELSE '' END AS detail,
       cell.brokers, cell.rabbitmq, cell.activemq, cell.checked_at, cell.last_ok_at
FROM accounts_account account
JOIN accounts_region region ON region.partition = account.partition
LEFT JOIN accounts_cell cell ON cell.account_id = account.id AND cell.region_id = region.code
"""

OUTCOMES = [
    ("ok", "ok"),
    ("never", "never"),
    ("unsupported", "unsupported"),
    ("region_disabled", "region disabled"),
    ("assume_denied", "assume denied"),
    ("denied", "denied"),
    ("throttled", "throttled"),
    ("unreachable", "unreachable"),
    ("failed", "failed"),
]


class Migration(migrations.Migration):
    """Nothing is stored: a later change to a column that the view reads drops it first, and makes it anew."""

    dependencies = [("accounts", "0016_organizations")]
    operations = [
        migrations.RunSQL(VIEW, "DROP VIEW accounts_matrixcell"),
        migrations.CreateModel(
            name="MatrixCell",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id", "region_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("polled", models.BooleanField()),
                ("outcome", models.CharField(choices=OUTCOMES, max_length=20, null=True)),
                ("said", models.CharField(choices=OUTCOMES, max_length=20)),
                ("code", models.TextField()),
                ("permission", models.TextField()),
                ("detail", models.TextField()),
                ("brokers", models.IntegerField(null=True)),
                ("rabbitmq", models.IntegerField(null=True)),
                ("activemq", models.IntegerField(null=True)),
                ("checked_at", models.DateTimeField(null=True)),
                ("last_ok_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "accounts_matrixcell",
                "ordering": ["account__name", "account__account_id", "region_id"],
                "managed": False,
            },
        ),
    ]
