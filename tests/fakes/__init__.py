"""Working stand-ins of the ports, in memory. They pass the contract tests that the adapters pass."""
