"""What shell text says: the commands in `run` and beside other steps, for the rules that look at them."""
