"""The rule of the table of sizes, on this row."""

from harness.claims import sizes_25_50
from tests.unit.claims.sizes import RowRule


class TestSizes(RowRule):
    claim = sizes_25_50.CLAIM
    level = 50
    memory_bytes = 32e9

    def test_the_row_is_the_guides(self) -> None:
        assert (self.level, self.memory_bytes) == (sizes_25_50.LEVEL, sizes_25_50.MEMORY_BYTES)
        assert (self.claim.needs.cpus, self.claim.needs.memory_bytes) == (8, 32e9)
