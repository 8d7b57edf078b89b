"""Admin pages that need several apps: search, the account page, the cash desk, the month, the day's money."""
