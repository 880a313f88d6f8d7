"""How CloudWatch is asked, and what is told of its errors: one line each, with the fix and without secrets.

Scripted with botocore's Stubber, as moto has neither errors of access nor answers in several pages.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from harness.errors import HarnessError, InputError, MachineError
from harness.metrics.cloudwatch_client import Asked, CloudWatchClient
from tests.unit.aws_settings import SECRET, one_line, own_settings

REGION = "eu-west-1"
SERIES = Asked("ECS/ContainerInsights", "MemoryUtilized", (("ClusterName", "prod"),))


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    own_settings(monkeypatch)


def refused(region: str | None = REGION) -> str:
    with pytest.raises(HarnessError) as told:
        CloudWatchClient(region).series(SERIES.namespace, SERIES.metric, {})
    return one_line(told.value)


def scripted() -> tuple[CloudWatchClient, Stubber]:
    client = CloudWatchClient(REGION)
    return client, Stubber(client._client())


def test_an_answer_in_several_pages_is_put_together() -> None:
    client, stubber = scripted()

    def page(minute: float, **more: str) -> dict[str, Any]:
        at = datetime.fromtimestamp(minute, UTC)
        result = {"Id": "q0", "Timestamps": [at], "Values": [minute / 60], "StatusCode": "PartialData"}
        return {"MetricDataResults": [result], **more}

    asked = {"MetricDataQueries": ANY, "StartTime": ANY, "EndTime": ANY, "ScanBy": "TimestampAscending"}
    stubber.add_response("get_metric_data", page(60, NextToken="more"), asked)
    stubber.add_response("get_metric_data", page(120), asked | {"NextToken": "more"})
    with stubber:
        found = client.data([SERIES], 0, 600, lambda _line: None)[SERIES]
    assert (found.at.tolist(), found.values.tolist()) == ([60, 120], [1, 2])


@pytest.mark.parametrize(
    ("code", "status", "kind", "expected"),
    [
        ("AccessDenied", 403, InputError, "allow cloudwatch:ListMetrics and cloudwatch:GetMetricData"),
        ("ExpiredToken", 403, InputError, "the credentials have expired; log in, as with `aws sso login`"),
        ("InvalidClientTokenId", 403, InputError, "or the region is not enabled"),
        ("Throttling", 400, MachineError, "asked too often (Throttling)"),
        ("InternalServiceFault", 500, MachineError, "out of order (HTTP 500)"),
        ("InvalidParameterValue", 400, InputError, "(InvalidParameterValue: what it says)"),
    ],
)
def test_errors_of_the_service_are_one_line(
    code: str, status: int, kind: type[HarnessError], expected: str
) -> None:
    client, stubber = scripted()
    said = "what it says" if code.startswith("InvalidParameter") else f"of {SECRET}"
    stubber.add_client_error("list_metrics", code, said, status)
    with stubber, pytest.raises(kind) as told:
        client.series(SERIES.namespace, SERIES.metric, {})
    assert expected in one_line(told.value)


def test_a_role_that_may_not_be_taken_on_is_named_as_that() -> None:
    error = {"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {"HTTPStatusCode": 403}}
    said = one_line(CloudWatchClient(REGION)._of_answer(error, "AssumeRole"))
    assert "may not do AssumeRole" in said


def test_without_credentials_there_is_told_how_to_log_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert "finds no credentials (NoCredentialsError); log in" in refused()
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert "AWS_PROFILE names no profile" in refused()


def test_what_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert "cloudwatch eu-west-1: cannot be reached (EndpointConnectionError)" in refused()
    assert "is no region that boto3 knows" in refused("eu-nowhere-7")


@pytest.mark.parametrize("region", [None, "not a region"])
def test_a_region_has_to_be_named(region: str | None) -> None:
    assert "the name of a region is expected" in refused(region)


def test_without_boto3_there_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    assert "pip install 'dagster-sizing[cloudwatch]'" in refused()
    monkeypatch.setitem(sys.modules, "botocore.exceptions", None)
    assert "pip install 'dagster-sizing[cloudwatch]'" in refused()
