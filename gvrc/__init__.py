"""GVRC: the registry of places in Kenya that help survivors of gender-based violence."""

__version__ = "0.1.0"
