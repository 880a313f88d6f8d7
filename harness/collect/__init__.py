"""Takes readings of a code server as it runs and writes them down, where no metrics system does."""
