"""The services against their bars: `python -m benchmarks.services`."""
