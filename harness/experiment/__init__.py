"""One cell: idle, reset, burst, drain, record; and the plan of cells."""
