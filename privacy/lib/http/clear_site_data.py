"""What tells a browser to keep no page of somebody who leaves, or whose time is over (ASVS 14.3.1)."""

FORGET = {"Clear-Site-Data": '"cache"'}
