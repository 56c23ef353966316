"""How good records and runs are."""
