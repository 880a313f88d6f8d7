"""The scenario file: load, validate, defaults, published JSON Schema."""
