"""From the graph of a kernel to source code."""
