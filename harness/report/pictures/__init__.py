"""One file per picture: a Vega-Lite chart of a view, with its text alternative and where its data is from."""
