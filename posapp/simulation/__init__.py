"""The whole till in a simulated world: virtual time, a cable, a disk, a portal and people that fail by a seed.

What runs is the product: use cases, journal on a real file, driver, outbox, portal client. What is simulated stands
around it: `clock`, `register` (with `second_program`), `portal_line`, `disk`, `people`. `plan` turns a seed into
events, `world` plays them, `invariants` judges, `shrink` reduces a failing plan, `runner` plays many worlds at once.
"""
