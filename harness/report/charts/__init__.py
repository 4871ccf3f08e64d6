"""Charts as SVG written by hand: markup with escaped labels, and every number in a table beneath."""
