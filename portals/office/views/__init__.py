"""The pages. A view asks queries, calls one operation, and puts the answer into words."""
