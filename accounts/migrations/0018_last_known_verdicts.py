"""Verdicts say on which look they rest, and cells that the last look left out say so."""

from __future__ import annotations

from django.db import migrations, models

# `in_use` outlives lost access: of now is what role and some broker were seen by at the last look.
LAST_KNOWN = """
UPDATE accounts_rolestatus status
SET verdict_last_known_at = LEAST(status.last_ok_at, seen.at)
FROM (SELECT account_id, MAX(last_ok_at) AS at FROM accounts_cell WHERE rabbitmq > 0 GROUP BY account_id) seen
WHERE seen.account_id = status.account_id AND status.verdict = 'in_use'
  AND LEAST(status.last_ok_at, seen.at) < status.checked_at
"""

# The same rule as `accounts.services.standing.put_off`, which keeps it from here on.
PUT_OFF = """
UPDATE accounts_cell cell
SET outcome = 'never', code = '', detail = '', permission = ''
FROM accounts_rolestatus status, accounts_region region
WHERE status.account_id = cell.account_id AND region.code = cell.region_id
  AND region.polled AND cell.checked_at < status.checked_at AND cell.outcome <> 'never'
"""


class Migration(migrations.Migration):
    """Two passes over the cells, which write only what was said wrongly; on the way back that stays as it is."""

    dependencies = [("accounts", "0017_matrix_cells")]
    operations = [
        migrations.AddField("rolestatus", "verdict_last_known_at", models.DateTimeField(null=True)),
        migrations.RunSQL(LAST_KNOWN, migrations.RunSQL.noop),
        migrations.RunSQL(PUT_OFF, migrations.RunSQL.noop),
        migrations.AlterField(
            "dailyfigures",
            "judged",
            models.PositiveIntegerField(help_text="Accounts with a verdict of their last poll, unknown left out."),
        ),
    ]
