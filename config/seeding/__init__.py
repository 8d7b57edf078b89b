"""A believable region of any size, by COPY, reproducible by its seed."""
