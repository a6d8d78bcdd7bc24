"""Many jobs of many users while workers and servers are killed, or services restarted one by one: nothing is
lost, nothing comes twice."""
