"""How the tables of a registry came to be as they are: one step after the other."""
