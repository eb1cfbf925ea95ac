"""The tables of the pages: they declare columns; what a cell means is said in dashboard.matrix."""
