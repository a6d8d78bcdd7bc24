"""Movies: from scenes to one render graph."""
