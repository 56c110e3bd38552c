"""The kinds of work the core brings: embedding the pool, and a round of fine-tuning."""
