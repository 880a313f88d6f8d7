"""The rule of the table of sizes, on this row."""

from harness.claims import sizes_5_10
from tests.unit.claims.sizes import RowRule


class TestSizes(RowRule):
    claim = sizes_5_10.CLAIM
    level = 10
    memory_bytes = 4e9

    def test_the_row_is_the_guides(self) -> None:
        assert (self.level, self.memory_bytes) == (sizes_5_10.LEVEL, sizes_5_10.MEMORY_BYTES)
        assert (self.claim.needs.cpus, self.claim.needs.memory_bytes) == (1, 0)
