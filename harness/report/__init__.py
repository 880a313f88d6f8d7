"""Renderers only: terminal and Markdown. No arithmetic beyond choosing a unit to print."""
