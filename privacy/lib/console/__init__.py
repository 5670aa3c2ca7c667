"""What the console's admin classes are made of: read-only and editable admins, confirmation and add pages, edit
conflicts, keyset pagination.
"""
