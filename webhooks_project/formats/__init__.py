"""How the console writes dates: to the second, the month in letters."""
