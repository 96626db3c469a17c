"""The console: pages on a read model of its own; it owns no rule, and sends each command on as the signed-in user."""
