"""Sources of what a container used in the past: metrics systems that people have."""
