"""Results become pages that people read: a Streamlit application over the published version.

Promises: every number on a page is one of the published tables or a sum of them, a value that cannot be computed is
shown as what it is and never as 0, and no page opens the warehouse. It collects nothing, computes no KPI and changes
nothing. `app.py` is what Streamlit runs; `serve.py` starts it as a process of its own.
"""
