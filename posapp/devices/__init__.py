"""Fiscal printers, scanners and card terminals behind the protocols of base.py."""
