"""The use cases of the till, one file each. Read sale.py first."""
