"""The showback as one HTML file for mail: what `meterline showback --format html` writes."""
