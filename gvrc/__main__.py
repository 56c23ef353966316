"""`python -m gvrc`"""

from gvrc.cli import main

raise SystemExit(main())
