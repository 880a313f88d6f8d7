"""Pure statistics on arrays: robust line, bootstrap intervals, lack of fit, prediction."""
