"""How fast the API answers under load: `python -m benchmarks.services`."""
