"""What travels between services: events, tasks, RPC, and the streams that carry them."""
