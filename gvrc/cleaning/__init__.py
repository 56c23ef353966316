"""Pure functions that clean one value and record every change they make."""
