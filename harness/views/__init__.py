"""What pictures show: tidy tables made from a result's raw ones, few enough rows to draw. Pure."""
