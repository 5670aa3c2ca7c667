"""How values are shown: badges for states and due dates, charts, masked values, display names of codes."""
