"""Bank files in: one pure reader per format."""
