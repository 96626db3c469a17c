"""Who may do what, tried on every operation of every service, and the walls behind it with the policy bypassed."""
