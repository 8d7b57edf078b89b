"""Formulas of the Rules (ПП РФ № 354): functions of columns, one row per account and service.

A volume is kept as an exact fraction, `numer` over `over`, until its one rounding: 10 / 30 × 30 is 9.99….
"""
