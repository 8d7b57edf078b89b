"""The resident's pages: each asks `access` for the account, the queries for rows, and one operation to act."""
