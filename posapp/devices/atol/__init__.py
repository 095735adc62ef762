"""АТОЛ by the vendor's JSON tasks: one driver, three ways to have a task performed (see `tasks.py`)."""
