"""`python -m gvrc`"""

from gvrc.heap import last_sweep_done, no_sweeps

with no_sweeps():  # what is loaded lives on: to look for garbage in it again and again took a sixth of a short command
    if __name__ == "__mp_main__":  # a further process of a run, which begins with this module too
        import gvrc.pipeline.lanes  # noqa: F401
    else:
        from gvrc.cli import main


def enter() -> int:
    """The command line as a process of its own. Returns its exit code."""
    code = main()
    last_sweep_done()
    return code


if __name__ == "__main__":
    raise SystemExit(enter())
