"""From raw tables to the constants of the guide's formulas."""
