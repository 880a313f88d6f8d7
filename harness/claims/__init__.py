"""One file per claim of the guide: the experiment it needs, the rule set before measuring, the verdict."""
