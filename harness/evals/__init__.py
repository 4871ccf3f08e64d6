"""Suites to trials to grades: run, import, judge again, replay, and the cells of the routing matrix."""
