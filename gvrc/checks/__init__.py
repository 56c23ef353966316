"""Functions that yield issues, and the catalogue of what they can find."""
