"""Network addresses: which may be reached from here (SSRF), and what one client is counted by."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

# All that is given out of IPv6 for the public Internet (RFC 4291, 2.4).
GLOBAL_UNICAST = IPv6Network("2000::/3")
# What a gateway translates to the IPv4 address in its last 32 bits (RFC 6052, RFC 8215). In the rest of 64:ff9b:1::/48
# the address may stand elsewhere: what such an address stands for can't be known, so it is not public.
TRANSLATED = [IPv6Network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/96")]
# Public by their number, but answered by the provider's own host inside its network, with credentials (Azure, Oracle).
METADATA = [ip_network(each) for each in ("168.63.129.16/32", "192.0.0.192/32")]


def is_public(address: str) -> bool:
    """Whether an address, and every IPv4 address that it stands for, belongs to one machine of the public Internet.

    Raises ValueError for what is no address.
    """
    parsed = ip_address(address)
    if isinstance(parsed, IPv4Address):
        return _is_public(parsed)
    if parsed.ipv4_mapped:
        return _is_public(parsed.ipv4_mapped)
    if any(parsed in network for network in TRANSLATED):
        return _is_public(IPv4Address(int(parsed) & 0xFFFFFFFF))
    if parsed.sixtofour and not _is_public(parsed.sixtofour):
        return False
    return parsed in GLOBAL_UNICAST and _is_public(parsed)


def client_network(address: str) -> str:
    """Return what tries from an address are counted by: the address, of IPv6 its /64, which one client has whole.

    What is no address comes back as it is.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or ip_network((parsed, 64), strict=False))
    return str(parsed)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not address.is_multicast and not any(address in network for network in METADATA)
