"""What drives several experiments: bench, matrix, claims, trials; and comparisons of what they left."""
