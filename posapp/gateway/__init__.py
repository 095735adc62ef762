"""The gateway: a process of its own for shops with several tills. Now: claims on orders."""
