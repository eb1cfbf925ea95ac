"""The brokers of one account, of all its regions in one table."""

from __future__ import annotations

from accounts.models import Account, Broker
from dashboard.tables.brokers import BrokerTable, with_knowledge


class AccountBrokerTable(BrokerTable):
    """As the list of all brokers, without what is the same in each row."""

    caption = "Brokers of this account"
    # Where a heading leads: the reader stays at the table.
    anchor = "brokers"

    class Meta:
        template_name = "account/_brokers_table.html"
        empty_text = "No broker is known in this account."
        exclude = ("account", "account_id", "unit", "environment")


def brokers_of(account: Account) -> AccountBrokerTable:
    """The account's brokers with the age of what is known of each."""
    return AccountBrokerTable(with_knowledge(Broker.objects.filter(account=account)))
