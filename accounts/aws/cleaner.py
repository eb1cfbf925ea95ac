"""Everything that Rolecall changes in an AWS account. Each method needs the one IAM action in its name, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.aws.answers import text
from accounts.aws.gateway import Gateway
from accounts.domain.role import ROLE_NAME, SERVICE_PRINCIPAL


@dataclass(frozen=True, slots=True)
class Receipt:
    """AWS's yes: under which request id, and for the role's deletion the task that now carries it out."""

    request_id: str
    task_id: str = ""


class Cleaner(Gateway):
    """The changes; a session of the cleaner role signs them. Methods raise AwsError and nothing else.

    All of them may be sent twice without harm, so the SDK's own retries are left on.
    """

    def delete_broker(self, region: str, broker_id: str) -> Receipt:
        """Ask for a broker's deletion, which takes minutes. In a state that forbids it: the kind `wrong_state`."""

        def delete() -> Receipt:
            answer = self._clients.mq(region).delete_broker(BrokerId=broker_id)
            if text(answer, "BrokerId") != broker_id:
                raise ValueError("the answer is about another broker")
            return Receipt(_request_id(answer))

        return self._ask("mq:DeleteBroker", delete, region)

    def delete_role(self) -> Receipt:
        """Ask for the role's deletion; while one is under way IAM names the same task again."""

        def delete() -> Receipt:
            answer = self._clients.iam(self.partition).delete_service_linked_role(RoleName=ROLE_NAME)
            return Receipt(_request_id(answer), text(answer, "DeletionTaskId"))

        return self._ask("iam:DeleteServiceLinkedRole", delete)

    def create_role(self) -> Receipt:
        """Make the role. One that is there already is InvalidInput "has been taken in this account"."""

        def create() -> Receipt:
            iam = self._clients.iam(self.partition)
            return Receipt(_request_id(iam.create_service_linked_role(AWSServiceName=SERVICE_PRINCIPAL)))

        return self._ask("iam:CreateServiceLinkedRole", create)

    def describe_role(self, description: str) -> Receipt:
        """Set the role's description, the only thing about it that AWS lets anybody edit."""

        def update() -> Receipt:
            # Without MaxSessionDuration: IAM refuses a service-linked role's, even an unchanged one.
            iam = self._clients.iam(self.partition)
            return Receipt(_request_id(iam.update_role(RoleName=ROLE_NAME, Description=description)))

        return self._ask("iam:UpdateRole", update)


def _request_id(answer: Mapping[str, Any]) -> str:
    return str(answer["ResponseMetadata"].get("RequestId", ""))
