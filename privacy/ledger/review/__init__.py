"""The periodic review of access records: the rules that raise findings, and the digest that is signed."""
