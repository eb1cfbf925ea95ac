"""From a request to its answer: who asks, what may go wrong, which service answers, and a line in the log."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from dashboard.demo.local_aws import cloudwatch, iam, mq, organizations, regions, ssm, sts
from dashboard.demo.local_aws.authorize import Context
from dashboard.demo.local_aws.behind import ask_moto
from dashboard.demo.local_aws.calls import Call, asked_account, read_call
from dashboard.demo.local_aws.faults import Faults, disown, spoil
from dashboard.demo.local_aws.sessions import Caller, Unrecognized, account_of_key, caller_of
from dashboard.demo.local_aws.wire import AwsError, HttpAnswer, HttpRequest, error_answer, json_answer, xml_answer
from dashboard.demo.local_aws.world import OPT_IN_REGIONS, Account, World

LOG_LENGTH = 20_000
CHANGING = ("Create", "Update", "Delete", "Reboot")
_Answers = Mapping[str, Callable[[Context], dict[str, object]]]
_STS: _Answers = {"AssumeRole": sts.assume_role, "GetCallerIdentity": sts.get_caller_identity}
_SERVICES: Mapping[str, _Answers] = {
    "sts": _STS,
    "iam": iam.ANSWERS,
    "mq": mq.ANSWERS,
    "account": regions.ANSWERS,
    "monitoring": cloudwatch.ANSWERS,
    "organizations": organizations.ANSWERS,
    "ssm": ssm.ANSWERS,
}


class LocalAws:
    """The world, the faults and the log behind one port."""

    def __init__(self) -> None:
        self.world = World()
        self.faults = Faults()
        self.log: deque[dict[str, Any]] = deque(maxlen=LOG_LENGTH)
        # Apart, so that thousands of reads do not push the few calls out that changed something.
        self.changes: deque[dict[str, Any]] = deque(maxlen=LOG_LENGTH)

    def answer(self, http: HttpRequest) -> HttpAnswer:
        """Answer one AWS call, faults and log included."""
        came = datetime.now(UTC)
        try:
            call = read_call(http)
        except AwsError as error:
            return error_answer("", error)
        key_account = account_of_key(call.key_id, call.token)
        call.account_id = asked_account(call) or key_account
        answer = self._with_faults(call)
        self._note(call, key_account, answer, came)
        return answer

    def _with_faults(self, call: Call) -> HttpAnswer:
        rule = self.faults.take(call)
        pause = self.world.settings.latency_seconds + (rule.delay if rule else 0.0)
        if pause > 0:
            time.sleep(pause)
        spoiled = spoil(rule, call) if rule else None
        answer = spoiled or self._answer(call)
        if rule and rule.owner:
            answer = disown(answer, call.account_id, rule.owner)
        return replace(answer, cut="truncate") if rule and rule.truncate else answer

    def _answer(self, call: Call) -> HttpAnswer:
        try:
            caller = caller_of(call.key_id, call.token, call.service)
            with self.world.lock:
                context = Context(self.world, self._account(call, caller), caller, call)
                ours = _find_answer(context)
                if ours is not None:
                    return _rendered(call, ours(context))
                # moto asks nobody for a permission.
                context.allow("*")
            return ask_moto(call)
        except AwsError as error:
            return error_answer(call.service, error)

    def _account(self, call: Call, caller: Caller) -> Account:
        """The caller's account. Raises Unrecognized where its credentials are not good: off, or another partition."""
        if caller.session is None:
            # The hub has no opt-in region on; AssumeRole says so in its own way.
            if call.region in OPT_IN_REGIONS and call.action != "AssumeRole":
                raise Unrecognized(call.service)
            return Account(caller.account_id, "hub", "aws")
        account = self.world.look(caller.account_id)
        if account is None or not account.answers_in(call.region):
            raise Unrecognized(call.service)
        return account

    def _note(self, call: Call, key_account: str, answer: HttpAnswer, came: datetime) -> None:
        noted = {
            "at": came.isoformat(),
            "account": call.account_id,
            "region": call.region,
            "service": call.service,
            "action": call.action,
            "resource": str(call.params.get("broker-id") or call.params.get("RoleName") or ""),
            "key_account": key_account,
            "status": 0 if answer.cut == "reset" else answer.status,
        }
        self.log.append(noted)
        if call.action.startswith(CHANGING):
            self.changes.append(noted)


def _find_answer(context: Context) -> Callable[[Context], dict[str, object]] | None:
    """What answers the call here; None leaves it to moto. Raises AwsError for what nobody answers."""
    call = context.call
    if call.service == "iam" and call.action in iam.GUARDED and iam.names_the_role(context):
        return iam.guard
    answers = _SERVICES.get(call.service, {})
    if call.action in answers:
        return answers[call.action]
    if call.service == "iam":
        return None
    text = f"The local AWS does not know {call.service}:{call.action or call.http.method + ' ' + call.http.path}"
    raise AwsError(400, "InvalidAction", text)


def _rendered(call: Call, result: dict[str, object]) -> HttpAnswer:
    if call.service in ("sts", "iam"):
        return xml_answer(call.service, call.action, result)
    if call.service in ("monitoring", "organizations", "ssm"):
        return json_answer(result, content_type="application/x-amz-json-1.1")
    return json_answer(result)
