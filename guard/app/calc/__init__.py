"""The calculators: a category's named inputs in, its named results out; one at a time or a CSV file of them."""
