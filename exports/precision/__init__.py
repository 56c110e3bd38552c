"""The model in use in other formats of numbers: made, held against fp32, and measured, before one may be shipped."""
