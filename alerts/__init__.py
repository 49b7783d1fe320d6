"""Results become notifications. Empty until rules, routing and delivery arrive."""
