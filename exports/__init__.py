"""What leaves a project: bundles with ONNX models, and labelled data."""
