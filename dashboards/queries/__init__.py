"""The questions that pages ask of the published tables: SQL stands here and nowhere else in the dashboards.

One module a page. Each function takes the `Results` of one version and returns rows; a table that is not published
gives an empty frame. Sums of money stay DECIMAL.
"""
