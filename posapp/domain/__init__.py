"""Plain Python: what a receipt, a rate, a sum of money is. No I/O, no Qt, no SQL, no clock."""
