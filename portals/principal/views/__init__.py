"""Pages of the supplier: views parse, ask and show."""
