"""The journal: the only SQL of the desktop program."""
