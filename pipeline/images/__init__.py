"""Photos and the digit images cut from them."""
