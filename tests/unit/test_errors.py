from harness import errors
from harness.errors import EXIT_CODES, HarnessError


def test_every_error_ends_with_an_exit_code_that_is_explained() -> None:
    kinds = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, HarnessError)]
    assert {kind.exit_code for kind in kinds} | {0} == set(EXIT_CODES)
    assert list(EXIT_CODES) == sorted(EXIT_CODES)
    assert all(EXIT_CODES.values())
