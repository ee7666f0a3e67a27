"""One file a kind of limit; registry finds them."""
