"""The control plane: the meeting model, its state machines and the endpoints that drive them."""
