"""The API, version 1: a resident's accounts and a supplier's cabinet, for programs. Entered by a key, see «Ключи»."""
