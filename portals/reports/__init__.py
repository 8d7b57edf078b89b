"""Reports: dimensions × measures over ink. A report is a definition; one compiler makes its SQL."""
