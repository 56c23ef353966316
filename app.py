"""The ASGI application: the gate, the pages before Streamlit, the API under `/api`, then Streamlit.

`python -m gvrc.ui.server` serves it with the project's settings; `streamlit run app.py` and `uvicorn app:app` work too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Mount, Route

from gvrc.api import create_api
from gvrc.ui import desk, house, server, sign_in, warming
from gvrc.ui.gate import API_PATH, HEALTH_PATH, METRICS_PATH, Gate, page_policy, streamlit_page

SCRIPT = Path(__file__).resolve().parent / "gvrc" / "ui" / "main.py"


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Refuse to serve with unsafe options; runs that died with an earlier server are marked as interrupted; what the pages want is loaded beside."""
    server.check_options()
    server.send_without_delay()
    await desk.wake_up()
    warming.begin()
    yield {}


def home(_request: Request) -> RedirectResponse:
    """Streamlit knows its first page at the root only; by its name it would be called not found."""
    return RedirectResponse("/")


api = create_api(house.current().settings, house.current().keeper)
app = st.App(
    SCRIPT,
    lifespan=lifespan,
    routes=[*sign_in.ROUTES, Route("/home", home), Mount(API_PATH, api), Route(HEALTH_PATH, api), Route(METRICS_PATH, api)],
    middleware=[
        Middleware(Gate, is_signed_in=sign_in.is_signed_in, trouble=sign_in.trouble_page, policy=page_policy(streamlit_page())),
    ],
    on_script_error=desk.show_error,
)
