"""Figures: scalar formulas of floats, and compute which applies them to a snapshot."""
