"""`python -m gvrc`"""

from gvrc.heap import no_sweeps

with no_sweeps():  # what is loaded lives on: to look for garbage in it again and again took a sixth of a short command
    from gvrc.cli import main

raise SystemExit(main())
