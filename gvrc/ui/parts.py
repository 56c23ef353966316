"""The parts of pages that Streamlit has not: a map without a graphics card, tables whose cells lead on.

Each is a script and a style sheet in `parts/`, served by Streamlit from this server, as the content security policy asks. What they show comes as data and
is put on the page as text, never as markup.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import streamlit as st
from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest

from gvrc.settings import PROJECT_DIR

_FOLDER = "gvrc/ui/parts"
_OWNER = "gvrc"
NAMES = ("map", "table")
_MANIFEST = ComponentManifest(name=_OWNER, version="1", components=[ComponentConfig(name=name, asset_dir=_FOLDER) for name in NAMES])


def draw(name: str, data: Mapping[str, Any], *, key: str, height: int | str = "content", **callbacks: Callable[[], None]) -> Any:
    """One of `NAMES` with its data. What it tells is under `st.session_state[key]`; `on_<what>_change` is called then."""
    manager = get_bidi_component_manager()
    if manager.get(f"{_OWNER}.{name}") is None:  # each server has its own, and so has each test
        manager.register_from_manifest(_MANIFEST, PROJECT_DIR)
    return _part(name)(key=key, data=dict(data), height=height, **callbacks)


@lru_cache(maxsize=len(NAMES))
def _part(name: str) -> Any:
    return st.components.v2.component(f"{_OWNER}.{name}", css=f"{name}.css", js=f"{name}.js", isolate_styles=False)
