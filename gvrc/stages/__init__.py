"""The stages of a run: a module each, one public function of its name; no clock, no database."""
