"""Knowledge: the official places and the vocabularies; answers, never writes."""
