"""How fast a recording is processed from end to end, beside other recognisers on the same file."""
