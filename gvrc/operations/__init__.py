"""How the machine is doing, and what keeps it going."""
