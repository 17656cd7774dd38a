"""Judge what was learned: errors against lead time, amplitude scaling, one report.

Rooms, each of which imports those above it: measure, judge, pages, runs.
"""
