"""The collector is put off while a plan grows, and works again afterwards whatever happened."""

from __future__ import annotations

import gc

import pytest

from gvrc.heap import SELDOM, no_sweeps, rare_sweeps


def test_the_collector_works_again_after_the_last_block_also_when_it_breaks() -> None:
    @no_sweeps()
    def breaks() -> None:
        raise ValueError(str(gc.isenabled()))

    with no_sweeps():
        with pytest.raises(ValueError, match="False"):
            breaks()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_who_had_it_off_finds_it_off() -> None:
    gc.disable()
    try:
        with no_sweeps():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_sweeps_are_rare_while_any_run_goes_on_and_as_before_afterwards() -> None:
    usual, frozen = gc.get_threshold(), gc.get_freeze_count()
    with rare_sweeps():
        with rare_sweeps():
            assert gc.get_threshold() == SELDOM
        assert gc.get_threshold() == SELDOM
        assert gc.get_freeze_count() > frozen
    assert gc.get_threshold() == usual
    assert gc.get_freeze_count() == 0
