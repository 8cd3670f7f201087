"""Benchmarks: ratios against peers in the same run; the last line is one JSON object."""
