"""What can be said: every message as a class that is its own grammar, and the catalogue that finds the schema of a frame."""
