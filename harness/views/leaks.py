"""Whether a constant says that nothing leaks. Pure."""

from __future__ import annotations

from harness.model.leak_rule import LEAKS, is_leak
from harness.results.result_document import ConstantRecord


def none_found(constant: ConstantRecord) -> bool:
    """Whether the constant is a leak's, was measured, and is no leak beyond doubt."""
    return constant.name in LEAKS and constant.value is not None and not is_leak(constant.name, constant.low)
