"""The figures the program promises, one file each: the measure, its floor, their ratio."""
