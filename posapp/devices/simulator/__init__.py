"""A register with its fiscal storage in software: for practice, for tests and for the proof of every rule."""
