"""The file that tells prices, by platform: of what is asked for, or of whole machines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from harness.cli.yaml_file import read_yaml
from harness.results.sizing_document import Platform
from harness.scenario.quantity import MachineCpus, ServerMemory
from harness.scenario.section import Section
from harness.sizing.prices import Machine, Tariff
from harness.sizing.recommend import Prices

Price = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class MachineSection(Section):
    """An instance or a node."""

    name: str
    cpus: MachineCpus
    memory: ServerMemory
    hour: Price = Field(description="price per hour")


class TariffSection(Section):
    """Prices of one platform."""

    vcpu_hour: Price | None = None
    gib_hour: Price | None = None
    machines: tuple[MachineSection, ...] = ()

    @model_validator(mode="after")
    def _one_way(self) -> TariffSection:
        rates = (self.vcpu_hour is not None, self.gib_hour is not None)
        if self.machines and any(rates):
            raise ValueError("either machines or vcpu_hour and gib_hour is expected, not both")
        if not self.machines and not all(rates):
            raise ValueError("vcpu_hour and gib_hour are expected, or a list of machines")
        return self

    def as_tariff(self) -> Tariff:
        """As the sizing reads it."""
        machines = tuple(Machine(one.name, one.cpus, one.memory, one.hour) for one in self.machines)
        return Tariff(self.vcpu_hour or 0.0, self.gib_hour or 0.0, machines)


class PricesFile(Section):
    """The whole file."""

    currency: str = "USD"
    hours_per_month: Annotated[float, Field(gt=0, le=744)] = 730.0
    platforms: dict[Platform, TariffSection] = Field(min_length=1)


def read_prices(file: Path) -> Prices:
    """The prices in a YAML file.

    Raises:
        InputError: not there, not YAML, or a field that is wrong, one line each.
    """
    told = read_yaml(file, PricesFile, "prices by platform")
    tariffs = {platform: section.as_tariff() for platform, section in told.platforms.items()}
    return Prices(str(file), told.currency, told.hours_per_month, tariffs)
