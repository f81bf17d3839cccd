"""A second opinion on what a deployment may open, reached without any code of the generator.

`expected` computes it from the documented port tables and rules written by hand here; `aws_plan`
reads it from what Terraform says it would build, or has built. A test compares the two.
"""
