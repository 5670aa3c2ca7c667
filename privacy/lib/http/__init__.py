"""Requests and responses: downloads, guest sessions, step-up authentication, forms that are sent twice."""
