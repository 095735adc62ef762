"""Bitrix over REST: orders, payments, stock, and the poll of a site."""
