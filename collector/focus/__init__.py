"""FOCUS: the provider's bill, from the CSV or Parquet files that AWS, Azure, GCP and OCI export.

Files stay where they are; their rows become billing charges, and whatever was tolerated or refused in them is kept by
name. A file is one unit: see `collector.focus.source`.
"""
