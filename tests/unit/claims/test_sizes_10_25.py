"""The rule of the table of sizes, on this row."""

from harness.claims import sizes_10_25
from tests.unit.claims.sizes import RowRule


class TestSizes(RowRule):
    claim = sizes_10_25.CLAIM
    level = 25
    memory_bytes = 16e9

    def test_the_row_is_the_guides(self) -> None:
        assert (self.level, self.memory_bytes) == (sizes_10_25.LEVEL, sizes_10_25.MEMORY_BYTES)
        assert (self.claim.needs.cpus, self.claim.needs.memory_bytes) == (4, 16e9)
