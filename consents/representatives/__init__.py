"""The pages of children and their legal representatives (law C-12)."""
