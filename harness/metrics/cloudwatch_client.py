"""Asks Amazon CloudWatch for metrics; one line says what is wrong with an answer.

Credentials come from where the AWS command line takes them too, and are never shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from harness.errors import HarnessError, InputError, MachineError
from harness.metrics.source import Readings, Say

EXTRA = "pip install 'dagster-sizing[cloudwatch]'"
WINDOW_SECONDS = 60
"""Of each datum; Container Insights publishes one a minute."""
KEPT_SECONDS = 15 * 86400.0
"""For so long CloudWatch keeps data of a minute; older ones are only there as means of five minutes (API
reference of GetMetricData)."""
MOST_QUERIES = 500
"""Of one question (API reference of GetMetricData)."""

_MOST_SERIES = 20_000
_CONNECT_SECONDS, _READ_SECONDS = 10, 60
_LOGIN = (
    "log in, as with `aws sso login`, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; "
    "`aws sts get-caller-identity` tells whether that did it"
)
_OF_LOGIN = ("Credential", "Token", "SSO", "Login", "MFA", "Metadata")
"""Parts of the names of errors that are of credentials; the others are of settings."""
_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized")
_EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired")
_UNKNOWN_KEYS = (
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "IncompleteSignature",
    "MissingAuthenticationToken",
    "AuthFailure",
    "OptInRequired",
)
_BUSY = (
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "LimitExceeded",
    "LimitExceededException",
)

Dimensions = Mapping[str, str]


@dataclass(frozen=True)
class Asked:
    """One series of one statistic."""

    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...]
    """All of its names and values: CloudWatch knows no series by a part of them."""
    statistic: str = "Average"


class CloudWatchClient:
    """Puts questions to CloudWatch in one region; not safe to share between threads."""

    def __init__(self, region: str | None) -> None:
        """Prepare a client; it connects when it is first used.

        Args:
            region: such as `eu-west-1`; None for that of the AWS settings.
        """
        self.name = f"cloudwatch {region}" if region else "cloudwatch"
        self._region = region
        self._made: Any = None

    def series(self, namespace: str, metric: str, dimensions: Dimensions) -> list[dict[str, str]]:
        """Dimensions of the series of a metric that have these among their own, and data in two weeks.

        Of very many only the first are told.

        Raises:
            InputError: CloudWatch refuses access.
            MachineError: it does not answer, or boto3 is missing.
        """
        filters = [{"Name": name, "Value": value} for name, value in dimensions.items()]
        with self._told():
            pages = (
                self._client()
                .get_paginator("list_metrics")
                .paginate(
                    Namespace=namespace,
                    MetricName=metric,
                    Dimensions=filters,
                    PaginationConfig={"MaxItems": _MOST_SERIES},
                )
            )
            # Pages may tell a series twice.
            found = {
                tuple((one["Name"], one["Value"]) for one in each["Dimensions"])
                for page in pages
                for each in page["Metrics"]
            }
        return [dict(each) for each in sorted(found)]

    def data(self, asked: Sequence[Asked], begin: float, end: float, say: Say) -> dict[Asked, Readings]:
        """Statistics of each minute, under the begin of the minute; without the series that have none.

        Args:
            asked: series, each once.
            begin: epoch seconds, a whole minute.
            end: the begin of the last minute is before it.
            say: progress.

        Raises:
            as `series`.
        """
        found: dict[Asked, Readings] = {}
        for first in range(0, len(asked), MOST_QUERIES):
            some = asked[first : first + MOST_QUERIES]
            with self._told():
                found |= self._data(some, begin, end, say)
        return found

    def _data(self, asked: Sequence[Asked], begin: float, end: float, say: Say) -> dict[Asked, Readings]:
        stamps: list[list[float]] = [[] for _ in asked]
        values: list[list[float]] = [[] for _ in asked]
        pages = (
            self._client()
            .get_paginator("get_metric_data")
            .paginate(
                MetricDataQueries=[_query(f"q{number}", one) for number, one in enumerate(asked)],
                StartTime=datetime.fromtimestamp(begin, UTC),
                EndTime=datetime.fromtimestamp(end, UTC),
                ScanBy="TimestampAscending",
            )
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                if result.get("StatusCode") in ("InternalError", "Forbidden"):
                    raise MachineError(f"{self.name}: answers with {result['StatusCode']}; try again later")
                number = int(result["Id"][1:])
                stamps[number] += [one.timestamp() for one in result["Timestamps"]]
                values[number] += result["Values"]
            say(f"{self.name}: {sum(map(len, stamps)):,} readings")
        return {
            one: _readings(at, told) for one, at, told in zip(asked, stamps, values, strict=True) if len(at)
        }

    def _client(self) -> Any:
        if self._made is None:
            try:
                import boto3
                from botocore.config import Config
            except ImportError:
                raise MachineError(f"--metrics cloudwatch: boto3 is missing; {EXTRA}") from None
            settings = Config(connect_timeout=_CONNECT_SECONDS, read_timeout=_READ_SECONDS)
            session = boto3.session.Session(region_name=self._region)
            self._made = session.client("cloudwatch", config=settings)
        return self._made

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tells errors of AWS in one line; its own texts may name accounts and users."""
        try:
            from botocore.exceptions import BotoCoreError, ClientError
        except ImportError:
            raise MachineError(f"--metrics cloudwatch: boto3 is missing; {EXTRA}") from None
        try:
            yield
        except ClientError as error:
            raise self._of_answer(error.response, error.operation_name) from None
        except BotoCoreError as error:
            raise self._of_way(error) from None

    def _of_answer(self, response: Mapping[str, Any], operation: str) -> HarnessError:
        """The error for an answer that is one; the operation may be one of logging in."""
        code = str(response.get("Error", {}).get("Code", ""))
        if code in _DENIED and operation not in ("ListMetrics", "GetMetricData"):
            return InputError(f"{self.name}: the credentials may not do {operation}; {_LOGIN}")
        if code in _DENIED:
            return InputError(
                f"{self.name}: refuses access; allow cloudwatch:ListMetrics and cloudwatch:GetMetricData to "
                "the role or user whose credentials are used (the policy CloudWatchReadOnlyAccess does)"
            )
        if code in _EXPIRED:
            return InputError(f"{self.name}: the credentials have expired; {_LOGIN}")
        if code in _UNKNOWN_KEYS:
            return InputError(
                f"{self.name}: does not take the credentials ({code}): they are of no account, or the region "
                f"is not enabled in it; {_LOGIN}"
            )
        if code in _BUSY:
            return MachineError(
                f"{self.name}: is asked too often ({code}), perhaps by others of the account; try again "
                "later, or read fewer days with --days"
            )
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if status >= 500:
            return MachineError(f"{self.name}: is out of order (HTTP {status}); try again later")
        why = " ".join(str(response.get("Error", {}).get("Message", "")).split())[:200]
        return InputError(f"{self.name}: makes nothing of the question ({code}: {why})")

    def _of_way(self, error: Exception) -> HarnessError:
        """The error for what ended before there was an answer."""
        from botocore import exceptions as of

        if isinstance(error, of.NoRegionError | of.InvalidRegionError):
            return InputError(
                f"--metrics cloudwatch={self._region or ''}: the name of a region is expected, as "
                "cloudwatch=eu-west-1"
            )
        if isinstance(error, of.ProfileNotFound):
            return InputError(f"{self.name}: AWS_PROFILE names no profile of the AWS settings; {_LOGIN}")
        if isinstance(error, of.ConnectionError | of.HTTPClientError):
            if self._region and not self._is_known(self._region):
                return InputError(
                    f"--metrics cloudwatch={self._region}: cannot be reached, and is no region that boto3 "
                    "knows; write it as in the address of the AWS console, such as cloudwatch=eu-west-1"
                )
            return MachineError(
                f"{self.name}: cannot be reached ({type(error).__name__}); see to the network, and to "
                "HTTPS_PROXY if there is a proxy"
            )
        kind = type(error).__name__
        if any(part in kind for part in _OF_LOGIN):
            return InputError(f"{self.name}: finds no credentials ({kind}); {_LOGIN}")
        return InputError(
            f"{self.name}: cannot be asked with these AWS settings ({kind}); see to AWS_CONFIG_FILE and the "
            "other variables whose names begin with AWS_"
        )

    @staticmethod
    def _is_known(region: str) -> bool:
        import boto3

        session = boto3.session.Session(region_name=region)
        return any(
            region in session.get_available_regions("cloudwatch", partition)
            for partition in session.get_available_partitions()
        )


def _query(name: str, one: Asked) -> dict[str, Any]:
    metric = {
        "Namespace": one.namespace,
        "MetricName": one.metric,
        "Dimensions": [{"Name": dimension, "Value": value} for dimension, value in one.dimensions],
    }
    return {"Id": name, "MetricStat": {"Metric": metric, "Period": WINDOW_SECONDS, "Stat": one.statistic}}


def _readings(at: Sequence[float], values: Sequence[float]) -> Readings:
    """In order, each minute once."""
    stamps, first = np.unique(np.array(at, dtype=float), return_index=True)
    return Readings(stamps, np.array(values, dtype=float)[first])
