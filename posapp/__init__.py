"""A till for shops and couriers that sell through Bitrix: exactly one fiscal receipt per settlement."""

__version__ = "0.1.0"
