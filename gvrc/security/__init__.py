"""Passwords, encryption, masking, permissions: no database here."""
