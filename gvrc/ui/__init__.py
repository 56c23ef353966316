"""The browser's face: the sign-in gate, the desk every page takes its session from, the words, and what pages share."""
