"""Which addresses are for machines: they speak HTTP's own methods and get problems as JSON."""

MACHINE_PATHS = ("/api/", "/scim/")
# Those of them that only programs call; ``/api/`` itself is a page, whose address has its language.
CALLED_BY_PROGRAMS = ("/api/v1/", "/api/office/", "/scim/")
