"""Security advisories: what they say, and whether they concern a component."""
