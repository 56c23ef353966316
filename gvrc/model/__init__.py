"""The nouns of GVRC: frozen dataclasses and enums, no input or output."""
