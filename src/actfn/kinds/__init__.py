"""The kinds of function: of one number, of a row, of a group."""
