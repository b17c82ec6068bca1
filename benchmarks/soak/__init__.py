"""Hours on one stream: memory and speed at the end as at the start."""
