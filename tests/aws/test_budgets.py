"""What one poll may cost an account, and that every request of it is counted."""

from __future__ import annotations

import threading
import time
from itertools import count

import pytest

from accounts.aws.clients import Clients, ClientSettings
from accounts.aws.errors import AwsError, ErrorKind
from accounts.aws.gateway import Gateway
from accounts.aws.survey import survey
from accounts.domain.outcomes import Outcome
from accounts.domain.readings import Failed
from tests.aws.conftest import ACCOUNT, Sessions
from tests.aws.scripted_aws import Asked, Reply, Script, ScriptedAws, broker, json_error, page_of

REGIONS = ("eu-west-1", "eu-west-2", "us-east-1")


class Concurrency:
    """Wraps scripts and remembers how many were under way at once."""

    def __init__(self) -> None:
        self.most = self._now = 0
        self._lock = threading.Lock()

    def around(self, script: Script) -> Script:
        def slow(asked: Asked) -> Reply:
            with self._lock:
                self._now += 1
                self.most = max(self.most, self._now)
            time.sleep(0.02)
            with self._lock:
                self._now -= 1
            return script(asked)

        return slow


def test_iam_is_asked_one_question_at_a_time(aws: ScriptedAws, gateway: Gateway) -> None:
    iam, mq = Concurrency(), Concurrency()
    for action, script in list(aws.scripts.items()):
        aws.on(action, (iam if action.startswith("iam:") else mq).around(script))

    survey(gateway, REGIONS, threads=8, deadline=10)

    assert aws.times("iam:GetPolicyVersion") == 1
    assert iam.most == 1  # AWS's advice is five at most
    assert mq.most > 1  # the regions were asked at once meanwhile


def test_a_long_list_keeps_amazon_mqs_pace_over_http(aws: ScriptedAws, gateway: Gateway) -> None:
    numbers, times = count(1), list[float]()

    def page(asked: Asked) -> Reply:
        times.append(time.monotonic())
        number = next(numbers)
        return page_of([broker(ACCOUNT, asked.region, f"b{number}")], "" if number == 30 else f"t{number}")

    aws.on("mq:ListBrokers", page)

    assert len(gateway.brokers("eu-west-1")) == 30
    assert max(sum(start <= at < start + 1 for at in times) for start in times) <= 15


def test_a_region_that_is_never_done_is_given_up_and_counts_nothing(
    aws: ScriptedAws, clients: Clients, sessions: Sessions
) -> None:
    numbers = count(1)
    aws.on("mq:ListBrokers", lambda asked: page_of([broker(ACCOUNT, asked.region)], f"t{next(numbers)}"))
    gateway = Gateway(clients, ACCOUNT, "aws", sessions, probe_seconds=0.3)

    with pytest.raises(AwsError) as caught:
        gateway.brokers("eu-west-1")

    assert (caught.value.kind, caught.value.code) == (ErrorKind.UNREACHABLE, "ProbeBudget")


def test_every_request_is_counted_with_its_retries_and_throttles(own_aws: ScriptedAws, sessions: Sessions) -> None:
    slow_down = json_error(429, "TooManyRequestsException")
    own_aws.on("mq:ListBrokers", slow_down, json_error(503, "ServiceUnavailable"), page_of([]))
    gateway = Gateway(Clients(ClientSettings(max_attempts=3)), ACCOUNT, "aws", sessions)

    reading = survey(gateway, REGIONS[:1], threads=2, deadline=20)

    assert not isinstance(reading.brokers["eu-west-1"], Failed)
    assert (reading.cost.calls, reading.cost.retries, reading.cost.throttles) == (len(own_aws.asked), 2, 1)
    assert reading.cost.seconds["eu-west-1"] > 0


def test_a_region_that_hangs_is_the_slowest_although_it_never_answered(
    own_aws: ScriptedAws, sessions: Sessions
) -> None:
    gateway = Gateway(Clients(ClientSettings(read_timeout=9, max_attempts=1)), ACCOUNT, "aws", sessions)
    survey(gateway, REGIONS, threads=4, deadline=30)  # making clients takes a loaded machine longer than asking
    own_aws.on("mq:ListBrokers", lambda asked: Reply(delay=8) if asked.region == "eu-west-2" else page_of([]))

    reading = survey(gateway, REGIONS, threads=4, deadline=2)

    hanging = reading.brokers["eu-west-2"]
    assert isinstance(hanging, Failed)
    assert hanging.problem.outcome is Outcome.UNREACHABLE
    assert max(reading.cost.seconds, key=reading.cost.seconds.__getitem__) == "eu-west-2"
