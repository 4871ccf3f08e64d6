"""The nouns: frozen values, ids, errors, prices. Standard library only; nothing here does I/O or decides."""
