"""`generate init`: from a few answers to a topology that generates."""
