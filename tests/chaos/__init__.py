"""Many jobs of many users while workers and servers are killed: nothing is lost, nothing comes twice."""
