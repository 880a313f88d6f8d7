from tests.unit.conftest import run

__all__ = ["run"]
