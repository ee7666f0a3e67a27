"""One file an action; registry finds them."""
