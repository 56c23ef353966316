"""How fast the screens are: staged records in quantity, the pages in a real browser, forty stewards at once."""
