"""Orchestration: plan, dispatch, advance, cancel, answer from known results."""
