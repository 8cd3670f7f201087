"""Reports: engagement rows, totals, tables, a chart for the terminal, and the files that people take away."""
