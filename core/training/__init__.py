"""Everything that imports torch and transformers: encoders, features, the instant head, fine-tuning rounds."""
