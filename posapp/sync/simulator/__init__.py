"""A portal in software: the order engine of Bitrix as far as a till meets it."""
