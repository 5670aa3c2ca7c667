"""The copy that answers an access request: its contents, its ZIP written slice by slice, its pages to read, and
whether it is still current.
"""
