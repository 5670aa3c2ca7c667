"""What ``make demo`` loads and what ``manage.py walk`` plays: the portal used from outside, over HTTP and SMTP."""
