"""What is measured, as an endpoint: its address, its code location, and what it tells of its runs."""
