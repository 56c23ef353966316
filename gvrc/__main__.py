"""`python -m gvrc`"""

from gvrc.heap import last_sweep_done, no_sweeps

with no_sweeps():  # what is loaded lives on: to look for garbage in it again and again took a sixth of a short command
    from gvrc.cli import main


def enter() -> int:
    """The command line as a process of its own. Returns its exit code."""
    code = main()
    last_sweep_done()
    return code


if __name__ == "__main__":
    raise SystemExit(enter())
