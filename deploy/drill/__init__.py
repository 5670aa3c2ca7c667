"""``make production``: the portal installed on a bare machine as the documents say, looked at from outside."""
