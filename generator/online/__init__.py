"""Questions to a cloud's API, only when the operator asks for them. Generating never needs a network."""
