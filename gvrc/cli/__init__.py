"""The command line, a contract: `gvrc COMMAND [--json] [--as USER]`. Results on stdout, progress and logs on stderr.

Exit codes: 0 done, whatever was found; 1 done with findings, only under --strict; 2 wrong use or configuration; 3 failed.
"""

from gvrc.cli.main import main

__all__ = ["main"]
