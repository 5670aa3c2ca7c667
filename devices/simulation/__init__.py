"""A made-up fleet that uses the portal from outside, over HTTP, for demonstrations and load."""
