"""The `reelbus` command: the embedded stack, the demo and the operator's tools."""
