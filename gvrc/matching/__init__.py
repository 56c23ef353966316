"""Is this one place? Blocking, features, evidence, clusters and survivorship: pure functions on arrays, no database, no clock."""
