"""Opening registers read from outside: cells to facts, a verdict in words for every row. No database here."""
